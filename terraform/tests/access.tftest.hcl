# Who may do what, by name.

mock_provider "google" { source = "./tests/mocks" }
mock_provider "google-beta" { source = "./tests/mocks" }

variables {
  project              = "coditect-test"
  region               = "europe-west1"
  footprint            = "production"
  jwt_secret_version   = "1"
  cors_allowed_origins = ["https://app.example.com"]
  alert_email          = "operators@example.com"
  source_repository    = "projects/coditect-test/locations/europe-west1/connections/github/repositories/backend"
}

override_resource {
  target = google_service_account.platform["gateway"]
  values = { email = "gateway@test", member = "serviceAccount:gateway@test" }
}

override_resource {
  target = google_service_account.platform["scheduler"]
  values = { email = "scheduler@test", member = "serviceAccount:scheduler@test" }
}

override_resource {
  target = google_service_account.platform["builder"]
  values = { id = "builder", email = "builder@test", member = "serviceAccount:builder@test" }
}

override_resource {
  target = google_service_account.platform["fdb-cluster-file"]
  values = {
    name   = "projects/coditect-test/serviceAccounts/fdb-cluster-file@test.iam.gserviceaccount.com"
    email  = "fdb-cluster-file@test"
    member = "serviceAccount:fdb-cluster-file@test"
  }
}

override_resource {
  target = google_service_account.platform["fdb-backup"]
  values = {
    name   = "projects/coditect-test/serviceAccounts/fdb-backup@test.iam.gserviceaccount.com"
    email  = "fdb-backup@test"
    member = "serviceAccount:fdb-backup@test"
  }
}

run "everybody_may_what_they_must_and_nothing_else" {
  assert {
    condition = toset([
      for grant in concat(
        values(google_cloud_run_v2_service_iam_member.gateway),
        values(google_cloud_run_v2_service_iam_member.builder_probes),
        google_cloud_run_v2_service_iam_member.scheduler,
      ) : "${grant.name} ${grant.role} ${grant.member}"
      ]) == toset(concat(
      flatten([for name in ["health", "auth", "sessions", "keys", "audit"] : [
        "${name} roles/run.invoker serviceAccount:gateway@test",
        "${name} roles/run.invoker serviceAccount:builder@test",
      ]]),
      ["maintenance roles/run.invoker serviceAccount:scheduler@test"],
    ))
    error_message = "Nobody else may call a function, and only Cloud Scheduler may call maintenance."
  }

  assert {
    condition     = google_api_gateway_api_config.api[0].gateway_config[0].backend_config[0].google_service_account == "gateway@test"
    error_message = "The gateway calls functions as the account that may."
  }

  assert {
    condition = (
      toset([for grant in google_cloud_run_v2_service_iam_member.builder : "${grant.name} ${grant.role} ${grant.member}"])
      == toset([for name in keys(local.functions) : "${name} roles/run.developer serviceAccount:builder@test"])
    )
    error_message = "The builder may change the functions."
  }

  assert {
    condition = (
      keys(google_service_account_iam_member.builder) == keys(local.functions)
      && alltrue([
        for grant in google_service_account_iam_member.builder :
        grant.role == "roles/iam.serviceAccountUser" && grant.member == "serviceAccount:builder@test"
      ])
    )
    error_message = "The builder may act as the functions' accounts, and as no other."
  }

  assert {
    condition = (
      google_artifact_registry_repository_iam_member.builder.role == "roles/artifactregistry.writer"
      && google_artifact_registry_repository_iam_member.builder.member == "serviceAccount:builder@test"
      && alltrue([for grant in google_project_iam_member.builder : grant.member == "serviceAccount:builder@test"])
      && join(" ", sort([for grant in google_project_iam_member.builder : grant.role]))
      == "roles/logging.logWriter roles/ondemandscanning.admin"
    )
    error_message = "The builder may push to one repository, scan images and write logs."
  }

  assert {
    condition = (
      google_cloudbuild_trigger.push_to_main[0].service_account == "builder"
      && google_cloudbuild_trigger.push_to_main[0].repository_event_config[0].push[0].branch == "^main$"
    )
    error_message = "A push to main builds, as the builder."
  }

  assert {
    condition = (
      google_service_account_iam_member.publisher.service_account_id
      == "projects/coditect-test/serviceAccounts/fdb-cluster-file@test.iam.gserviceaccount.com"
      && google_service_account_iam_member.publisher.role == "roles/iam.workloadIdentityUser"
      && google_service_account_iam_member.publisher.member
      == "serviceAccount:coditect-test.svc.id.goog[foundationdb/cluster-file-publisher]"
    )
    error_message = "The publisher, and no other pod, is fdb-cluster-file."
  }

  assert {
    condition = (
      toset([for key in keys(google_secret_manager_secret_iam_member.publisher) : key])
      == toset(flatten([for secret in ["fdb-cluster-file", "fdb-tls-cert", "fdb-tls-key", "fdb-tls-ca"] : [
        "${secret}/secretAccessor", "${secret}/secretVersionAdder",
      ]]))
      && alltrue([
        for key, grant in google_secret_manager_secret_iam_member.publisher : (
          grant.member == "serviceAccount:fdb-cluster-file@test"
          && grant.role == "roles/secretmanager.${split("/", key)[1]}"
          && grant.secret_id == google_secret_manager_secret.secret[split("/", key)[0]].id
        )
      ])
    )
    error_message = "The publisher reads and adds versions of FoundationDB's files, and has nothing to do with jwt-secret."
  }

  assert {
    condition = (
      alltrue([for grant in google_storage_bucket_iam_member.backup : grant.member == "serviceAccount:fdb-backup@test"])
      && join(" ", sort([for grant in google_storage_bucket_iam_member.backup : grant.role]))
      == "roles/storage.legacyBucketReader roles/storage.objectUser"
      && google_storage_bucket.backup.public_access_prevention == "enforced"
      && google_storage_bucket.backup.uniform_bucket_level_access
      && !google_storage_bucket.backup.force_destroy
    )
    error_message = "Backups are written by their account, seen by nobody else, and not deleted with the bucket."
  }
}
