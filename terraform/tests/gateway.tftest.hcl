mock_provider "google" { source = "./tests/mocks" }
mock_provider "google-beta" { source = "./tests/mocks" }

variables {
  project              = "coditect-test"
  region               = "europe-west1"
  footprint            = "small"
  jwt_secret_version   = "1"
  cors_allowed_origins = ["https://app.example.com"]
  alert_email          = "operators@example.com"
}

override_resource {
  target = google_cloud_run_v2_service.function["health"]
  values = { uri = "https://health.a.run.app" }
}

override_resource {
  target = google_cloud_run_v2_service.function["auth"]
  values = { uri = "https://auth.a.run.app" }
}

override_resource {
  target = google_cloud_run_v2_service.function["sessions"]
  values = { uri = "https://sessions.a.run.app" }
}

override_resource {
  target = google_cloud_run_v2_service.function["keys"]
  values = { uri = "https://keys.a.run.app" }
}

override_resource {
  target = google_cloud_run_v2_service.function["audit"]
  values = { uri = "https://audit.a.run.app" }
}

override_resource {
  target = google_cloud_run_v2_service.function["maintenance"]
  values = { uri = "https://maintenance.a.run.app" }
}

override_resource {
  target = google_api_gateway_gateway.api[0]
  values = { default_hostname = "coditect-abc.ew.gateway.dev" }
}

run "requests_find_their_function" {
  assert {
    condition = {
      for name, backend in jsondecode(base64decode(
        google_api_gateway_api_config.api[0].openapi_documents[0].document[0].contents
      ))["x-google-api-management"].backends : name => backend.address
      } == {
      health   = "https://health.a.run.app"
      auth     = "https://auth.a.run.app"
      sessions = "https://sessions.a.run.app"
      keys     = "https://keys.a.run.app"
      audit    = "https://audit.a.run.app"
    }
    error_message = "Each public function is a backend at its address, and maintenance is none."
  }

  assert {
    condition = alltrue(flatten([
      for name, backend in jsondecode(base64decode(
        google_api_gateway_api_config.api[0].openapi_documents[0].document[0].contents
        ))["x-google-api-management"].backends : [
        backend.deadline > 10,
        backend.deadline < tonumber(trimsuffix(google_cloud_run_v2_service.function[name].template[0].timeout, "s")),
      ]
    ]))
    error_message = "Every backend has a deadline, longer than a request's work and shorter than the function's timeout."
  }

  assert {
    condition = alltrue(flatten([
      for path, operations in jsondecode(base64decode(
        google_api_gateway_api_config.api[0].openapi_documents[0].document[0].contents
        )).paths : [
        for method, operation in operations :
        contains(local.public_functions, operation["x-google-backend"]) if method != "parameters"
      ]
    ]))
    error_message = "An operation without a backend answers 404 from the gateway."
  }

  assert {
    condition = (
      output.api_url == "https://coditect-abc.ew.gateway.dev"
      && output.gateway_url == output.api_url
      && output.dns_record == null
    )
    error_message = "Without a domain the gateway's own name is the API's."
  }

  assert {
    condition = (
      google_cloud_scheduler_job.sweep[0].http_target[0].uri == "https://maintenance.a.run.app/api/v5/maintenance/sweep"
      && google_cloud_scheduler_job.sweep[0].http_target[0].http_method == "POST"
      && google_cloud_scheduler_job.sweep[0].http_target[0].oidc_token[0].audience == "https://maintenance.a.run.app"
      && can(regex("^[0-9]+ \\* \\* \\* \\*$", google_cloud_scheduler_job.sweep[0].schedule))
    )
    error_message = "Cloud Scheduler posts to /api/v5/maintenance/sweep hourly, with a token whose audience is the function."
  }

  assert {
    condition = (
      google_cloud_scheduler_job.sweep[0].attempt_deadline
      == google_cloud_run_v2_service.function["maintenance"].template[0].timeout
      && tonumber(trimsuffix(google_cloud_scheduler_job.sweep[0].attempt_deadline, "s")) <= 1800
    )
    error_message = "The scheduler waits as long as a sweep may take, and the API lets it wait 30 minutes at most."
  }

  assert {
    condition = (
      google_monitoring_uptime_check_config.ready[0].monitored_resource[0].labels["host"] == "coditect-abc.ew.gateway.dev"
      && google_monitoring_uptime_check_config.ready[0].http_check[0].path == "/api/v5/ready"
      && google_monitoring_uptime_check_config.ready[0].http_check[0].use_ssl
      && google_monitoring_uptime_check_config.ready[0].http_check[0].validate_ssl
    )
    error_message = "The uptime check goes the way a client goes."
  }

  assert {
    condition = (
      join(" ", keys(google_monitoring_alert_policy.alert)) == "instances maintenance not_ready server_errors slow"
      && alltrue([
        for alert in google_monitoring_alert_policy.alert :
        alert.notification_channels == tolist([google_monitoring_notification_channel.email.id])
        && contains(["CRITICAL", "ERROR", "WARNING"], alert.severity)
        && alert.combiner == "OR"
      ])
      && google_monitoring_notification_channel.email.labels["email_address"] == "operators@example.com"
    )
    error_message = "Five alerts, each sent to the operators."
  }

  assert {
    condition = strcontains(
      google_monitoring_alert_policy.alert["not_ready"].conditions[0].condition_prometheus_query_language[0].query,
      "check_id=\"${google_monitoring_uptime_check_config.ready[0].uptime_check_id}\"",
    )
    error_message = "The alert looks at this check."
  }
}
