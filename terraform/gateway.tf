# API Gateway exists in the beta provider only. The document is generated from the endpoints: make contract.

resource "google_api_gateway_api" "api" {
  provider = google-beta
  count    = local.serving ? 1 : 0

  api_id = "coditect"

  depends_on = [google_project_service.api]
}

# A config cannot be changed, and not deleted while the gateway serves it: a new one comes first.
resource "google_api_gateway_api_config" "api" {
  provider = google-beta
  count    = local.serving ? 1 : 0

  api                  = google_api_gateway_api.api[0].api_id
  api_config_id_prefix = "coditect-"

  openapi_documents {
    document {
      path = "openapi.json"
      contents = base64encode(templatefile("${path.module}/openapi.json.tftpl", merge(
        { host = google_api_gateway_api.api[0].managed_service },
        { for name in local.public_functions : "${name}_url" => google_cloud_run_v2_service.function[name].uri },
      )))
    }
  }

  gateway_config {
    backend_config {
      google_service_account = google_service_account.platform["gateway"].email
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_api_gateway_gateway" "api" {
  provider = google-beta
  count    = local.serving ? 1 : 0

  gateway_id = "coditect"
  region     = var.region
  api_config = google_api_gateway_api_config.api[0].id

  # Before, it would answer 403 for the functions.
  depends_on = [google_cloud_run_v2_service_iam_member.gateway]
}

locals {
  api_host = var.domain != null ? var.domain : one(google_api_gateway_gateway.api[*].default_hostname)
}
