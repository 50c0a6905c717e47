mock_provider "google" { source = "./tests/mocks" }
mock_provider "google-beta" { source = "./tests/mocks" }

variables {
  project              = "coditect-test"
  region               = "europe-west1"
  footprint            = "production"
  jwt_secret_version   = "1"
  cors_allowed_origins = ["https://app.example.com"]
  alert_email          = "operators@example.com"
}

run "through_the_connector" {
  assert {
    condition = alltrue([
      for function in google_cloud_run_v2_service.function : (
        function.template[0].vpc_access[0].connector == google_vpc_access_connector.connector[0].id
        && length(function.template[0].vpc_access[0].network_interfaces) == 0
        && function.template[0].vpc_access[0].egress == "PRIVATE_RANGES_ONLY"
      )
    ])
    error_message = "The API takes exactly one of connector and network_interfaces."
  }

  assert {
    condition = (
      endswith(google_compute_subnetwork.connector[0].ip_cidr_range, "/28")
      && google_vpc_access_connector.connector[0].subnet[0].name == google_compute_subnetwork.connector[0].name
      && length(google_compute_subnetwork.direct) == 0
    )
    error_message = "A connector has a /28 of its own."
  }

  assert {
    condition = (
      google_vpc_access_connector.connector[0].machine_type == "e2-standard-4"
      && google_vpc_access_connector.connector[0].min_instances >= 2
      && google_vpc_access_connector.connector[0].max_instances > google_vpc_access_connector.connector[0].min_instances
      && google_vpc_access_connector.connector[0].max_instances <= 10
    )
    error_message = "Production's connector is of e2-standard-4; the API takes 2 to 10 instances, more at most than at least."
  }

  assert {
    condition     = google_compute_firewall.functions_to_foundationdb.source_ranges == toset(["10.10.4.0/28"])
    error_message = "The connector's subnet, and no other, reaches FoundationDB."
  }

  assert {
    condition = (
      google_compute_firewall.functions_to_foundationdb.direction == "INGRESS"
      && google_compute_firewall.functions_to_foundationdb.target_tags == toset(["foundationdb"])
      && google_container_node_pool.foundationdb.node_config[0].tags == tolist(["foundationdb"])
      && length(google_compute_firewall.functions_to_foundationdb.allow) == 1
      && one(google_compute_firewall.functions_to_foundationdb.allow).protocol == "tcp"
      && one(google_compute_firewall.functions_to_foundationdb.allow).ports == tolist(["4500", "4501"])
    )
    error_message = "Ports 4500 and 4501 of the nodes that carry the tag."
  }

  assert {
    condition = (
      google_container_cluster.cluster.private_cluster_config[0].enable_private_nodes
      && !google_container_cluster.cluster.control_plane_endpoints_config[0].ip_endpoints_config[0].enabled
      && google_container_cluster.cluster.control_plane_endpoints_config[0].dns_endpoint_config[0].allow_external_traffic
    )
    error_message = "Nodes have no external address, and the control plane is reached by its DNS endpoint, which asks IAM."
  }

  assert {
    condition = (
      google_container_cluster.cluster.dns_config[0].cluster_dns == "CLOUD_DNS"
      && google_container_cluster.cluster.dns_config[0].cluster_dns_scope == "VPC_SCOPE"
      && google_container_cluster.cluster.dns_config[0].cluster_dns_domain == "coditect.internal"
      && output.cluster_dns_domain == "coditect.internal"
    )
    error_message = "Names of pods must resolve from Cloud Run."
  }

  assert {
    condition = (
      google_container_cluster.cluster.location == "europe-west1"
      && google_container_cluster.cluster.datapath_provider == "ADVANCED_DATAPATH"
      && google_container_cluster.cluster.release_channel[0].channel == "REGULAR"
      && google_container_cluster.cluster.workload_identity_config[0].workload_pool == "coditect-test.svc.id.goog"
      && google_container_cluster.cluster.enable_shielded_nodes
      && google_container_cluster.cluster.deletion_protection
      && google_container_cluster.cluster.remove_default_node_pool
    )
    error_message = "Regional, Dataplane V2, a release channel, Workload Identity, shielded, protected."
  }

  assert {
    condition = (
      google_container_node_pool.foundationdb.node_config[0].labels["dedicated"] == "foundationdb"
      && one(google_container_node_pool.foundationdb.node_config[0].taint).key == "dedicated"
      && one(google_container_node_pool.foundationdb.node_config[0].taint).value == "foundationdb"
      && one(google_container_node_pool.foundationdb.node_config[0].taint).effect == "NO_SCHEDULE"
      && length(google_container_node_pool.system.node_config[0].taint) == 0
    )
    error_message = "Its nodes take nothing else, and what takes no taint has the system nodes."
  }

  assert {
    condition = alltrue([
      for pool in [google_container_node_pool.foundationdb, google_container_node_pool.system] : (
        pool.node_config[0].workload_metadata_config[0].mode == "GKE_METADATA"
        && pool.node_config[0].shielded_instance_config[0].enable_secure_boot
        && pool.management[0].auto_repair
        && pool.management[0].auto_upgrade
      )
    ])
    error_message = "Pods cannot be their node, and nodes are shielded and kept up to date."
  }

  assert {
    condition = (
      google_container_node_pool.foundationdb.upgrade_settings[0].max_unavailable == 0
      && google_container_node_pool.foundationdb.upgrade_settings[0].max_surge == 1
    )
    error_message = "An upgrade adds a node before it takes one away."
  }
}

run "or_directly" {
  variables {
    vpc_egress = "direct"
  }

  assert {
    condition = alltrue([
      for function in google_cloud_run_v2_service.function : (
        function.template[0].vpc_access[0].connector == null
        && [for interface in function.template[0].vpc_access[0].network_interfaces : interface.subnetwork]
        == [google_compute_subnetwork.direct[0].id]
        && function.template[0].vpc_access[0].egress == "PRIVATE_RANGES_ONLY"
      )
    ])
    error_message = "The API takes exactly one of connector and network_interfaces."
  }

  assert {
    condition = (
      length(google_vpc_access_connector.connector) == 0
      && length(google_compute_subnetwork.connector) == 0
      && tonumber(split("/", google_compute_subnetwork.direct[0].ip_cidr_range)[1]) <= 26
    )
    error_message = "Direct egress has a /26 or more, and no connector is paid for."
  }

  assert {
    condition     = google_compute_firewall.functions_to_foundationdb.source_ranges == toset(["10.10.5.0/26"])
    error_message = "The functions' own subnet, and no other, reaches FoundationDB."
  }
}
