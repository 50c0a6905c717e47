# Each variable refuses what cannot work, before anything is planned. A run fails unless every variable that it names is
# refused, so each takes the next thing that is wrong with all of them.

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

run "what_is_of_another_kind_is_refused" {
  command = plan

  variables {
    project              = "Coditect"
    region               = "europe-west1-b"
    footprint            = "medium"
    jwt_secret_version   = "latest"
    cors_allowed_origins = []
    alert_email          = "operators"
    domain               = "https://api.example.com"
    vpc_egress           = "none"
    cluster_dns_domain   = "cluster.local"
    source_repository    = "coditect/backend"
    image                = "hello world"
  }

  expect_failures = [
    var.project,
    var.region,
    var.footprint,
    var.jwt_secret_version,
    var.cors_allowed_origins,
    var.alert_email,
    var.domain,
    var.vpc_egress,
    var.cluster_dns_domain,
    var.source_repository,
    var.image,
  ]
}

run "what_is_nearly_right_is_refused" {
  command = plan

  variables {
    jwt_secret_previous_version = "latest"
    cors_allowed_origins        = ["https://app.example.com", "*"]
    domain                      = "api"
    cluster_dns_domain          = "coditect"
  }

  expect_failures = [
    var.jwt_secret_previous_version,
    var.cors_allowed_origins,
    var.domain,
    var.cluster_dns_domain,
  ]
}

run "what_is_half_set_is_refused" {
  command = plan

  variables {
    jwt_secret_version          = null
    jwt_secret_previous_version = "1"
    cors_allowed_origins        = ["https://app.example.com/"]
    cluster_dns_domain          = "coditect.internal."
  }

  expect_failures = [
    var.jwt_secret_previous_version,
    var.cors_allowed_origins,
    var.cluster_dns_domain,
  ]
}

run "what_is_the_same_twice_or_without_tls_is_refused" {
  command = plan

  variables {
    jwt_secret_previous_version = "1"
    cors_allowed_origins        = ["http://localhost:5173", "http://app.example.com"]
  }

  expect_failures = [var.jwt_secret_previous_version, var.cors_allowed_origins]
}

run "and_what_can_work_is_taken" {
  command = plan

  variables {
    jwt_secret_version          = "12"
    jwt_secret_previous_version = "11"
    cors_allowed_origins        = ["https://app.example.com", "http://localhost:5173"]
    domain                      = "api.v5.example.com"
    vpc_egress                  = "direct"
    cluster_dns_domain          = "fdb.coditect.internal"
    source_repository           = "projects/p/locations/r/connections/c/repositories/r"
    image                       = "europe-west1-docker.pkg.dev/coditect-test/coditect/health:v1.2"
  }
}
