# What the cloud would answer, where a test or a provider's own validation looks at it.

mock_data "google_secret_manager_secret_version" {
  defaults = { enabled = true }
}

mock_resource "google_service_account" {
  defaults = {
    name   = "projects/coditect-test/serviceAccounts/other@coditect-test.iam.gserviceaccount.com"
    email  = "other@coditect-test.iam.gserviceaccount.com"
    member = "serviceAccount:other@coditect-test.iam.gserviceaccount.com"
  }
}

mock_resource "google_cloud_run_v2_service" {
  defaults = { uri = "https://function.a.run.app" }
}

mock_resource "google_compute_global_address" {
  defaults = { address = "203.0.113.7" }
}
