resource "google_cloud_scheduler_job" "sweep" {
  count = local.serving ? 1 : 0

  name             = "maintenance-sweep"
  region           = var.region
  description      = "Removes what has expired"
  schedule         = "17 * * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "${local.sweep_timeout_s}s"

  http_target {
    http_method = "POST"
    uri         = "${google_cloud_run_v2_service.function["maintenance"].uri}/api/v5/maintenance/sweep"

    oidc_token {
      service_account_email = google_service_account.platform["scheduler"].email
      audience              = google_cloud_run_v2_service.function["maintenance"].uri
    }
  }

  retry_config {
    retry_count          = 2
    min_backoff_duration = "60s"
  }

  depends_on = [google_cloud_run_v2_service_iam_member.scheduler]
}
