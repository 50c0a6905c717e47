# Functions cannot start before their secrets have versions, and the cluster file has none before the cluster stands.
# So the first apply builds everything else, and a version that is missing stops the plan of the second.

mock_provider "google" { source = "./tests/mocks" }
mock_provider "google-beta" { source = "./tests/mocks" }

variables {
  project              = "coditect-test"
  region               = "europe-west1"
  footprint            = "production"
  cors_allowed_origins = ["https://app.example.com"]
  alert_email          = "operators@example.com"
  domain               = "api.example.com"
  source_repository    = "projects/coditect-test/locations/europe-west1/connections/github/repositories/backend"
}

run "the_first_apply_builds_what_needs_no_version_of_a_secret" {
  assert {
    condition = (
      google_container_cluster.cluster.deletion_protection
      && length(google_secret_manager_secret.secret) == 5
      && google_artifact_registry_repository.images.repository_id == "coditect"
      && output.dns_record == "api.example.com. A 203.0.113.7"
    )
    error_message = "The first apply must build the cluster, the secrets, the registry and the domain's address."
  }

  assert {
    condition     = length(google_secret_manager_secret_iam_member.function) > 0
    error_message = "Functions need their secrets from their first start on."
  }

  assert {
    condition = (
      google_artifact_registry_repository.images.docker_config[0].immutable_tags
      && output.registry == "europe-west1-docker.pkg.dev/coditect-test/coditect"
      && alltrue([
        for policy in google_artifact_registry_repository.images.cleanup_policies :
        policy.action == "KEEP" ? policy.most_recent_versions[0].keep_count >= 10 : policy.action == "DELETE"
      ])
      && contains([for policy in google_artifact_registry_repository.images.cleanup_policies : policy.action], "KEEP")
    )
    error_message = "A tag never moves, and what may be rolled back to is kept."
  }

  assert {
    condition = (
      length(google_cloud_run_v2_service.function) == 0
      && length(data.google_secret_manager_secret_version.required) == 0
    )
    error_message = "A function without a version of its secret does not start."
  }

  assert {
    condition = (
      length(google_api_gateway_gateway.api) == 0
      && length(google_compute_backend_service.api) == 0
      && length(google_cloud_scheduler_job.sweep) == 0
      && length(google_cloudbuild_trigger.push_to_main) == 0
      && length(google_monitoring_alert_policy.alert) == 0
      && output.api_url == null
    )
    error_message = "What serves, calls, deploys or watches functions comes with them."
  }
}

run "the_second_apply_looks_for_every_version" {
  variables {
    jwt_secret_version          = "2"
    jwt_secret_previous_version = "1"
  }

  assert {
    condition = {
      for name, version in data.google_secret_manager_secret_version.required : name => version.version
      } == {
      jwt-secret          = "2"
      jwt-secret-previous = "1"
      fdb-cluster-file    = "latest"
      fdb-tls-cert        = "latest"
      fdb-tls-key         = "latest"
      fdb-tls-ca          = "latest"
    }
    error_message = "Everything that a function starts with is looked for before."
  }

  assert {
    condition = alltrue([
      for version in data.google_secret_manager_secret_version.required : !version.fetch_secret_data
    ])
    error_message = "Looking must not read the value: it would be in the state."
  }

  assert {
    condition = (
      length(google_cloud_run_v2_service.function) == 6
      && length(google_compute_backend_service.api) == 1
      && length(google_cloudbuild_trigger.push_to_main) == 1
      && output.api_url == "https://api.example.com"
    )
    error_message = "With the versions there, everything is built."
  }
}

run "a_version_that_is_disabled_stops_the_plan" {
  command = plan

  variables {
    jwt_secret_version = "1"
  }

  override_data {
    target = data.google_secret_manager_secret_version.required["fdb-cluster-file"]
    values = { enabled = false }
  }

  expect_failures = [data.google_secret_manager_secret_version.required]
}
