resource "google_artifact_registry_repository" "images" {
  repository_id = "coditect"
  location      = var.region
  format        = "DOCKER"
  description   = "Images of the functions"

  # Deploys go by digest; a tag that never moves says which commit a digest is of.
  docker_config {
    immutable_tags = true
  }

  # A policy that keeps wins over one that deletes: rolling back twenty deploys works.
  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = 20
    }
  }

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "2592000s" # 30 days
    }
  }

  depends_on = [google_project_service.api]
}
