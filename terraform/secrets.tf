# Secrets, and who reads which. Their values never pass through here, so none is in the state: jwt-secret is added by
# hand, the rest by the cluster. docs/deployment.md has the commands.

locals {
  tls_secrets = local.size.foundationdb.tls ? ["fdb-tls-cert", "fdb-tls-key", "fdb-tls-ca"] : []

  secrets = concat(["jwt-secret", "fdb-cluster-file"], local.tls_secrets)

  # Functions wait until what they start with is there.
  serving = var.jwt_secret_version != null

  required_versions = merge(
    { for secret in local.secrets : secret => { secret = secret, version = "latest" } },
    { jwt-secret = { secret = "jwt-secret", version = var.jwt_secret_version } },
    var.jwt_secret_previous_version == null ? {} : {
      jwt-secret-previous = { secret = "jwt-secret", version = var.jwt_secret_previous_version }
    },
  )

  function_secrets = merge([
    for name, function in local.functions : {
      for secret in setsubtract(local.secrets, function.signs ? [] : ["jwt-secret"]) :
      "${name}/${secret}" => { function = name, secret = secret }
    }
  ]...)
}

resource "google_secret_manager_secret" "secret" {
  for_each = toset(local.secrets)

  secret_id           = each.key
  deletion_protection = var.deletion_protection

  replication {
    auto {}
  }

  depends_on = [google_project_service.api]
}

# Looks, without reading the value, whether each version is there and enabled, so that a plan says what is missing and
# not a function that does not start.
data "google_secret_manager_secret_version" "required" {
  for_each = local.serving ? local.required_versions : {}

  secret            = google_secret_manager_secret.secret[each.value.secret].id
  version           = each.value.version
  fetch_secret_data = false

  lifecycle {
    postcondition {
      condition     = self.enabled
      error_message = "Version ${each.value.version} of ${each.value.secret} is disabled or destroyed."
    }
  }
}

resource "google_secret_manager_secret_iam_member" "function" {
  for_each = local.function_secrets

  secret_id = google_secret_manager_secret.secret[each.value.secret].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.value.function].member
}

# What the cluster publishes: it compares the newest version with its own file, and adds one when they differ.
resource "google_secret_manager_secret_iam_member" "publisher" {
  for_each = merge([
    for secret in concat(["fdb-cluster-file"], local.tls_secrets) : {
      for role in ["secretAccessor", "secretVersionAdder"] : "${secret}/${role}" => { secret = secret, role = role }
    }
  ]...)

  secret_id = google_secret_manager_secret.secret[each.value.secret].id
  role      = "roles/secretmanager.${each.value.role}"
  member    = google_service_account.platform["fdb-cluster-file"].member
}
