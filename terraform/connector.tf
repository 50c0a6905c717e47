# How functions reach FoundationDB: a connector, or addresses of their own in the network. Each has its subnet, so that
# changing from one to the other moves the functions before the old way goes.

resource "google_compute_subnetwork" "connector" {
  count = var.vpc_egress == "connector" ? 1 : 0

  name                     = "coditect-connector"
  network                  = google_compute_network.vpc.id
  region                   = var.region
  ip_cidr_range            = local.cidr.connector
  private_ip_google_access = true
}

resource "google_vpc_access_connector" "connector" {
  count = var.vpc_egress == "connector" ? 1 : 0

  name          = "coditect"
  region        = var.region
  machine_type  = local.size.connector.machine_type
  min_instances = local.size.connector.min_instances
  max_instances = local.size.connector.max_instances

  subnet {
    name = google_compute_subnetwork.connector[0].name
  }
}

resource "google_compute_subnetwork" "direct" {
  count = var.vpc_egress == "direct" ? 1 : 0

  name                     = "coditect-direct"
  network                  = google_compute_network.vpc.id
  region                   = var.region
  ip_cidr_range            = local.cidr.direct
  private_ip_google_access = true
}

locals {
  egress_subnet = one(concat(google_compute_subnetwork.connector, google_compute_subnetwork.direct))
}
