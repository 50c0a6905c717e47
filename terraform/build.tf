# From a push to main to running functions; cloudbuild.yaml says how.

resource "google_cloudbuild_trigger" "push_to_main" {
  count = local.serving && var.source_repository != null ? 1 : 0

  name            = "push-to-main"
  location        = var.region
  filename        = "cloudbuild.yaml"
  service_account = google_service_account.platform["builder"].id

  repository_event_config {
    repository = var.source_repository
    push {
      branch = "^main$"
    }
  }

  substitutions = {
    _REGION     = var.region
    _REPOSITORY = google_artifact_registry_repository.images.repository_id
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.builder,
    google_cloud_run_v2_service_iam_member.builder,
    google_cloud_run_v2_service_iam_member.builder_probes,
    google_project_iam_member.builder,
    google_service_account_iam_member.builder,
    google_service_account_iam_member.builder_itself,
  ]
}

# What the builder may: change these functions, act as their accounts, push to this repository, scan images, write logs.
resource "google_cloud_run_v2_service_iam_member" "builder" {
  for_each = google_cloud_run_v2_service.function

  name     = each.value.name
  location = var.region
  role     = "roles/run.developer"
  member   = google_service_account.platform["builder"].member
}

resource "google_service_account_iam_member" "builder" {
  for_each = google_service_account.function

  service_account_id = each.value.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.platform["builder"].member
}

# Cloud Build gives out no identity tokens; to call a function, the builder has one made for itself.
resource "google_service_account_iam_member" "builder_itself" {
  service_account_id = google_service_account.platform["builder"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.platform["builder"].member
}

resource "google_artifact_registry_repository_iam_member" "builder" {
  repository = google_artifact_registry_repository.images.name
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.platform["builder"].member
}

resource "google_project_iam_member" "builder" {
  for_each = toset(["roles/logging.logWriter", "roles/ondemandscanning.admin"])

  project = var.project
  role    = each.key
  member  = google_service_account.platform["builder"].member
}
