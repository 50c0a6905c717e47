# Who acts. Nobody has a key file: functions and nodes are their accounts, the publisher becomes its own by Workload
# Identity. FoundationDB writes its backups by an interface that knows HMAC keys only; docs/foundationdb.md makes that one.

resource "google_service_account" "function" {
  for_each = local.functions

  account_id   = "fn-${each.key}"
  display_name = "The function ${each.key}"

  depends_on = [google_project_service.api]
}

resource "google_service_account" "platform" {
  for_each = {
    gateway          = "API Gateway, as whom it calls functions"
    scheduler        = "Cloud Scheduler, as whom it calls maintenance"
    builder          = "Cloud Build"
    gke-nodes        = "Nodes of the GKE cluster"
    fdb-cluster-file = "Publishes FoundationDB's cluster file to Secret Manager"
    fdb-backup       = "Writes FoundationDB's backups to their bucket"
  }

  account_id   = each.key
  display_name = each.value

  depends_on = [google_project_service.api]
}

resource "google_project_iam_member" "gke_nodes" {
  project = var.project
  role    = "roles/container.defaultNodeServiceAccount"
  member  = google_service_account.platform["gke-nodes"].member
}

# The Kubernetes service account cluster-file-publisher, of the namespace foundationdb, is fdb-cluster-file here.
resource "google_service_account_iam_member" "publisher" {
  service_account_id = google_service_account.platform["fdb-cluster-file"].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.project}.svc.id.goog[foundationdb/cluster-file-publisher]"

  # The identity pool comes into being with the project's first cluster.
  depends_on = [google_container_cluster.cluster]
}
