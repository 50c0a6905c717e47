# Nothing here deletes by age: of a continuous backup, an old file may be what a recent restore begins with.
# docs/foundationdb.md says how backups expire.
resource "google_storage_bucket" "backup" {
  name                        = "${var.project}-fdb-backup"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  # What was deleted by mistake, or by a stolen account, can be had back for a week.
  soft_delete_policy {
    retention_duration_seconds = 604800
  }

  depends_on = [google_project_service.api]
}

# FoundationDB looks whether the bucket is there before it writes, which the second role allows.
resource "google_storage_bucket_iam_member" "backup" {
  for_each = toset(["roles/storage.objectUser", "roles/storage.legacyBucketReader"])

  bucket = google_storage_bucket.backup.name
  role   = each.key
  member = google_service_account.platform["fdb-backup"].member
}
