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

run "without_a_domain_there_is_no_load_balancer" {
  assert {
    condition = (
      length(google_compute_global_address.api) == 0
      && length(google_compute_backend_service.api) == 0
      && length(google_compute_global_forwarding_rule.https) == 0
      && length(google_compute_global_forwarding_rule.http) == 0
      && length(google_compute_security_policy.api) == 0
    )
    error_message = "domain = null leaves out everything that costs."
  }

  assert {
    condition = alltrue([
      for name in local.public_functions : {
        for variable in google_cloud_run_v2_service.function[name].template[0].containers[0].env :
        variable.name => variable.value
        if contains(["TRUSTED_PROXIES", "LOAD_BALANCER_ADDRESS"], variable.name)
      } == { TRUSTED_PROXIES = "2" }
    ])
    error_message = "The client's address is before the gateway's, and there is no load balancer to look for."
  }
}

run "with_a_domain_it_stands_before_the_gateway" {
  variables {
    domain = "api.example.com"
  }

  assert {
    condition = (
      google_compute_region_network_endpoint_group.gateway[0].network_endpoint_type == "SERVERLESS"
      && google_compute_region_network_endpoint_group.gateway[0].serverless_deployment[0].platform == "apigateway.googleapis.com"
      && google_compute_region_network_endpoint_group.gateway[0].serverless_deployment[0].resource == google_api_gateway_gateway.api[0].gateway_id
      && one(google_compute_backend_service.api[0].backend).group == google_compute_region_network_endpoint_group.gateway[0].id
      && google_compute_backend_service.api[0].load_balancing_scheme == "EXTERNAL_MANAGED"
      && google_compute_global_forwarding_rule.https[0].load_balancing_scheme == "EXTERNAL_MANAGED"
      && google_compute_global_forwarding_rule.https[0].port_range == "443"
    )
    error_message = "The load balancer leads to the gateway, and to nothing else."
  }

  assert {
    condition = (
      google_compute_managed_ssl_certificate.api[0].managed[0].domains == tolist(["api.example.com"])
      && google_compute_ssl_policy.api[0].min_tls_version == "TLS_1_2"
      && google_compute_ssl_policy.api[0].profile == "MODERN"
    )
    error_message = "It has a certificate for the domain, and speaks TLS 1.2 or newer."
  }

  assert {
    condition = (
      google_compute_url_map.redirect[0].default_url_redirect[0].https_redirect
      && google_compute_global_forwarding_rule.http[0].port_range == "80"
      && google_compute_global_forwarding_rule.http[0].target == google_compute_target_http_proxy.redirect[0].id
      && google_compute_target_http_proxy.redirect[0].url_map == google_compute_url_map.redirect[0].id
    )
    error_message = "Plain HTTP is sent to HTTPS."
  }

  assert {
    condition = (
      output.api_url == "https://api.example.com"
      && output.dns_record == "api.example.com. A 203.0.113.7"
      && google_monitoring_uptime_check_config.ready[0].monitored_resource[0].labels["host"] == "api.example.com"
    )
    error_message = "The API is the domain's, and is watched there."
  }

  assert {
    condition = alltrue([
      for name in local.public_functions : {
        for variable in google_cloud_run_v2_service.function[name].template[0].containers[0].env :
        variable.name => variable.value
        if contains(["TRUSTED_PROXIES", "LOAD_BALANCER_ADDRESS"], variable.name)
      } == { TRUSTED_PROXIES = "2", LOAD_BALANCER_ADDRESS = "203.0.113.7" }
    ])
    error_message = "Functions must tell the load balancer from a client that came by the gateway's own name."
  }

  assert {
    condition     = google_compute_backend_service.api[0].security_policy == google_compute_security_policy.api[0].id
    error_message = "The policy is the backend's."
  }

  assert {
    condition = [
      for rule in google_compute_security_policy.api[0].rule :
      [rule.rate_limit_options[0].enforce_on_key, rule.rate_limit_options[0].exceed_action, rule.rate_limit_options[0].conform_action]
      if rule.action == "throttle"
    ] == [["IP", "deny(429)", "allow"]]
    error_message = "Requests are limited by address."
  }

  assert {
    condition = toset([
      for rule in google_compute_security_policy.api[0].rule : rule.match[0].expr[0].expression
      if rule.action == "deny(403)"
      ]) == toset([
      for set in ["cve-canary", "lfi-v33-stable", "rce-v33-stable", "protocolattack-v33-stable", "scannerdetection-v33-stable"] :
      "evaluatePreconfiguredWaf('${set}', {'sensitivity': 1})"
    ])
    error_message = "Known attacks are refused, by rules that take no password for one."
  }

  assert {
    condition = [
      for rule in google_compute_security_policy.api[0].rule : rule.action if rule.priority == 2147483647
    ] == ["allow"]
    error_message = "A policy ends in the rule of the last priority."
  }
}
