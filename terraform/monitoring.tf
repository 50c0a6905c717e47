# What is watched, and who hears of it. docs/operations.md has a section for each title, which its e-mail links to.

locals {
  function_metrics = "monitored_resource=\"cloud_run_revision\""

  alerts = {
    not_ready = {
      title    = "The API is not ready"
      severity = "CRITICAL"
      duration = "120s"
      query    = "avg(monitoring_googleapis_com:uptime_check_check_passed{check_id=\"${join("", google_monitoring_uptime_check_config.ready[*].uptime_check_id)}\"}) < 0.5"
    }
    server_errors = {
      title    = "More than 1 % of requests fail"
      severity = "ERROR"
      duration = "300s"
      # A few failures in a quiet hour are a percentage, too, but no reason to wake anybody.
      query = <<-PROMQL
        sum by (service_name) (rate(run_googleapis_com:request_count{${local.function_metrics},response_code_class="5xx"}[5m]))
          / sum by (service_name) (rate(run_googleapis_com:request_count{${local.function_metrics}}[5m])) > 0.01
        and sum by (service_name) (increase(run_googleapis_com:request_count{${local.function_metrics},response_code_class="5xx"}[5m])) > 5
      PROMQL
    }
    slow = {
      title    = "Requests are slow"
      severity = "WARNING"
      duration = "600s"
      query    = <<-PROMQL
        histogram_quantile(0.95, sum by (service_name, le) (
          rate(run_googleapis_com:request_latencies_bucket{${local.function_metrics},service_name!="maintenance"}[5m])
        )) > 1000
      PROMQL
    }
    maintenance = {
      title    = "Maintenance has not succeeded for three hours"
      severity = "WARNING"
      duration = "3600s"
      query    = <<-PROMQL
        (sum(increase(
          run_googleapis_com:request_count{${local.function_metrics},service_name="maintenance",response_code_class="2xx"}[3h]
        )) or vector(0)) < 1
      PROMQL
    }
    instances = {
      title    = "A function is at its maximum of instances"
      severity = "WARNING"
      duration = "300s"
      query    = <<-PROMQL
        sum by (service_name) (
          run_googleapis_com:container_instance_count{${local.function_metrics},service_name!="maintenance",state="active"}
        ) >= ${local.size.function.max_instances}
      PROMQL
    }
  }
}

resource "google_monitoring_notification_channel" "email" {
  display_name = "Operators"
  type         = "email"
  labels       = { email_address = var.alert_email }

  depends_on = [google_project_service.api]
}

resource "google_monitoring_uptime_check_config" "ready" {
  count = local.serving ? 1 : 0

  display_name = "Ready"
  period       = "60s"
  timeout      = "10s"

  http_check {
    path         = "/api/v5/ready"
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }

  # Ours, and not the greeting of the image that a function starts with.
  content_matchers {
    content = "\"status\":\"ready\""
    matcher = "CONTAINS_STRING"
  }

  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = var.project, host = local.api_host }
  }
}

resource "google_monitoring_alert_policy" "alert" {
  for_each = local.serving ? local.alerts : {}

  display_name          = each.value.title
  severity              = each.value.severity
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.email.id]

  conditions {
    display_name = each.value.title

    condition_prometheus_query_language {
      query               = each.value.query
      duration            = each.value.duration
      evaluation_interval = "60s"

      # A new project has no samples yet to check the names against.
      disable_metric_validation = true
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "See docs/operations.md, \"${each.value.title}\"."
  }

  alert_strategy {
    auto_close = "86400s"
  }
}
