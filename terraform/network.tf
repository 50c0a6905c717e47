# One VPC. Nothing in it has an external address, and nothing outside of it may open a connection into it.

locals {
  cidr = {
    nodes     = "10.10.0.0/22"
    connector = "10.10.4.0/28"
    direct    = "10.10.5.0/26"
    services  = "10.11.0.0/20"
    pods      = "10.12.0.0/16"
  }
}

resource "google_compute_network" "vpc" {
  name                    = "coditect"
  auto_create_subnetworks = false

  depends_on = [google_project_service.api]
}

resource "google_compute_subnetwork" "nodes" {
  name                     = "coditect-nodes"
  network                  = google_compute_network.vpc.id
  region                   = var.region
  ip_cidr_range            = local.cidr.nodes
  private_ip_google_access = true

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = local.cidr.pods
  }

  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = local.cidr.services
  }
}

# Private nodes pull the images of FoundationDB and its operator from Docker Hub.
resource "google_compute_router" "nat" {
  name    = "coditect-nat"
  network = google_compute_network.vpc.id
  region  = var.region
}

resource "google_compute_router_nat" "nat" {
  name                               = "coditect-nat"
  router                             = google_compute_router.nat.name
  region                             = var.region
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  subnetwork {
    name                    = google_compute_subnetwork.nodes.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}

# The one way in: functions to FoundationDB. Both ports, since TLS is turned on in a running cluster by serving both.
resource "google_compute_firewall" "functions_to_foundationdb" {
  name          = "functions-to-foundationdb"
  network       = google_compute_network.vpc.id
  direction     = "INGRESS"
  source_ranges = [local.egress_subnet.ip_cidr_range]
  target_tags   = [local.foundationdb_tag]

  allow {
    protocol = "tcp"
    ports    = ["4500", "4501"]
  }
}
