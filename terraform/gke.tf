# The cluster carries FoundationDB and nothing else. The manifests in kubernetes/ are applied once it stands.

locals {
  foundationdb_tag = "foundationdb"
}

resource "google_container_cluster" "cluster" {
  name       = "coditect"
  location   = var.region
  network    = google_compute_network.vpc.id
  subnetwork = google_compute_subnetwork.nodes.id

  deletion_protection      = var.deletion_protection
  remove_default_node_pool = true
  initial_node_count       = 1
  enable_shielded_nodes    = true
  datapath_provider        = "ADVANCED_DATAPATH"

  release_channel {
    channel = "REGULAR"
  }

  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = true
  }

  # kubectl comes in by the DNS endpoint, which asks IAM; no address of the control plane is reachable.
  control_plane_endpoints_config {
    dns_endpoint_config {
      allow_external_traffic = true
    }
    ip_endpoints_config {
      enabled = false
    }
  }

  # Names of pods resolve in the whole network, and so from Cloud Run, and survive a move of the pod.
  dns_config {
    cluster_dns        = "CLOUD_DNS"
    cluster_dns_scope  = "VPC_SCOPE"
    cluster_dns_domain = var.cluster_dns_domain
  }

  workload_identity_config {
    workload_pool = "${var.project}.svc.id.goog"
  }

  # Of the pool that is removed at once; its nodes must not run as the project's default account either.
  node_config {
    service_account = google_service_account.platform["gke-nodes"].email
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }
    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }

  lifecycle {
    # After that pool is gone, the API reports another one's.
    ignore_changes = [node_config, initial_node_count]
  }
}

# What GKE itself runs, and the operator: they tolerate no taint.
resource "google_container_node_pool" "system" {
  name     = "system"
  cluster  = google_container_cluster.cluster.id
  location = var.region

  autoscaling {
    total_min_node_count = 1
    total_max_node_count = local.size.system.max_nodes
    location_policy      = "ANY"
  }

  management {
    auto_repair  = true
    auto_upgrade = true
  }

  node_config {
    machine_type    = local.size.system.machine_type
    service_account = google_service_account.platform["gke-nodes"].email
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }
    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }
}

resource "google_container_node_pool" "foundationdb" {
  name       = "foundationdb"
  cluster    = google_container_cluster.cluster.id
  location   = var.region
  node_count = local.size.foundationdb.nodes_per_zone

  management {
    auto_repair  = true
    auto_upgrade = true
  }

  # One node at a time, and never one fewer: a replica less is a replica less.
  upgrade_settings {
    max_surge       = 1
    max_unavailable = 0
  }

  node_config {
    machine_type    = local.size.foundationdb.machine_type
    service_account = google_service_account.platform["gke-nodes"].email
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
    tags            = [local.foundationdb_tag]
    labels          = { dedicated = "foundationdb" }

    taint {
      key    = "dedicated"
      value  = "foundationdb"
      effect = "NO_SCHEDULE"
    }
    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }
    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }
}
