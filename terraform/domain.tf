# The API under a name of our own: a global load balancer with Cloud Armor before the gateway. The gateway's own host
# name stays reachable beside it, so the functions keep their own limits.

locals {
  domain = var.domain == null ? 0 : 1

  # The backend needs the gateway, which needs the functions; the address is there from the first apply, for the DNS.
  domain_serves = local.serving ? local.domain : 0

  # A name may not be used again while the old certificate is still in use.
  certificate = "api-${substr(sha1(coalesce(var.domain, "-")), 0, 8)}"
}

resource "google_compute_global_address" "api" {
  count = local.domain

  name = "coditect-api"

  depends_on = [google_project_service.api]
}

resource "google_compute_region_network_endpoint_group" "gateway" {
  provider = google-beta
  count    = local.domain_serves

  name                  = "coditect-gateway"
  region                = var.region
  network_endpoint_type = "SERVERLESS"

  serverless_deployment {
    platform = "apigateway.googleapis.com"
    resource = google_api_gateway_gateway.api[0].gateway_id
  }
}

resource "google_compute_backend_service" "api" {
  count = local.domain_serves

  name                  = "coditect-api"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.api[0].id

  backend {
    group = google_compute_region_network_endpoint_group.gateway[0].id
  }

  log_config {
    enable      = true
    sample_rate = 0.1
  }
}

resource "google_compute_url_map" "api" {
  count = local.domain_serves

  name            = "coditect-api"
  default_service = google_compute_backend_service.api[0].id
}

resource "google_compute_managed_ssl_certificate" "api" {
  count = local.domain_serves

  name = local.certificate

  managed {
    domains = [var.domain]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_ssl_policy" "api" {
  count = local.domain_serves

  name            = "coditect-api"
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_target_https_proxy" "api" {
  count = local.domain_serves

  name             = "coditect-api"
  url_map          = google_compute_url_map.api[0].id
  ssl_certificates = [google_compute_managed_ssl_certificate.api[0].id]
  ssl_policy       = google_compute_ssl_policy.api[0].id
}

resource "google_compute_global_forwarding_rule" "https" {
  count = local.domain_serves

  name                  = "coditect-https"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.api[0].id
  port_range            = "443"
  target                = google_compute_target_https_proxy.api[0].id
}

resource "google_compute_url_map" "redirect" {
  count = local.domain_serves

  name = "coditect-redirect"

  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "PERMANENT_REDIRECT"
    strip_query            = false
  }
}

resource "google_compute_target_http_proxy" "redirect" {
  count = local.domain_serves

  name    = "coditect-redirect"
  url_map = google_compute_url_map.redirect[0].id
}

resource "google_compute_global_forwarding_rule" "http" {
  count = local.domain_serves

  name                  = "coditect-http"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.api[0].id
  port_range            = "80"
  target                = google_compute_target_http_proxy.redirect[0].id
}

resource "google_compute_security_policy" "api" {
  count = local.domain

  name = "coditect-api"

  # The rules for SQL injection and scripts are left out: they read bodies, and a good password or the name of a session
  # may look like either. There is no SQL behind this, and every answer is JSON.
  dynamic "rule" {
    for_each = {
      1000 = "cve-canary"
      1001 = "lfi-v33-stable"
      1002 = "rce-v33-stable"
      1003 = "protocolattack-v33-stable"
      1004 = "scannerdetection-v33-stable"
    }
    content {
      priority    = rule.key
      action      = "deny(403)"
      description = rule.value
      match {
        expr {
          expression = "evaluatePreconfiguredWaf('${rule.value}', {'sensitivity': 1})"
        }
      }
    }
  }

  rule {
    priority    = 2000
    action      = "throttle"
    description = "600 requests a minute from one address"
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"
      rate_limit_threshold {
        count        = 600
        interval_sec = 60
      }
    }
  }

  rule {
    priority    = 2147483647
    action      = "allow"
    description = "Everything else"
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }

  depends_on = [google_project_service.api]
}
