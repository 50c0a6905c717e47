# The functions: one Cloud Run service each, all from one description. Their accounts, secrets, routes, callers and
# alerts follow from this map.
locals {
  functions = {
    health   = { public = true, signs = false, environment = {} }
    auth     = { public = true, signs = true, environment = { PASSWORD_POLICY = "strict" } }
    sessions = { public = true, signs = true, environment = {} }
    keys     = { public = true, signs = true, environment = {} }
    audit    = { public = true, signs = true, environment = {} }

    # Called by Cloud Scheduler alone.
    maintenance = { public = false, signs = false, environment = {} }
  }

  public_functions = toset([for name, function in local.functions : name if function.public])

  # A function waits for FoundationDB more than it computes; every request that it accepts has a thread. docs/capacity.md
  # has the sum.
  concurrency = 16

  # Longer than the gateway waits, so that a function is never cut off while somebody still listens.
  request_timeout_s = 60
  sweep_timeout_s   = 180

  # Files, from secrets: the folder each is mounted in, since a folder holds one secret. At version latest: the cluster
  # file changes when coordinators move, certificates before they expire.
  files = merge(
    { fdb-cluster-file = { folder = "/secrets/fdb", name = "fdb.cluster" } },
    { for secret in local.tls_secrets : secret => { folder = "/secrets/${secret}", name = "${secret}.pem" } },
  )

  common_environment = merge(
    {
      CORS_ALLOWED_ORIGINS = join(",", var.cors_allowed_origins)
      FDB_CLUSTER_FILE     = "/secrets/fdb/fdb.cluster"
      GOOGLE_CLOUD_PROJECT = var.project
      LOG_LEVEL            = "INFO"
      THREADS              = tostring(local.concurrency)
    },
    length(local.tls_secrets) == 0 ? {} : {
      FDB_TLS_CERTIFICATE_FILE = "/secrets/fdb-tls-cert/fdb-tls-cert.pem"
      FDB_TLS_KEY_FILE         = "/secrets/fdb-tls-key/fdb-tls-key.pem"
      FDB_TLS_CA_FILE          = "/secrets/fdb-tls-ca/fdb-tls-ca.pem"
    },
  )

  # X-Forwarded-For ends in the client's address, which the gateway's front appends, and the gateway's, which Cloud Run's
  # appends. A load balancer writes its own between the two: LOAD_BALANCER_ADDRESS tells it apart from a client.
  gateway_environment = merge(
    { BEHIND_GATEWAY = "true", TRUSTED_PROXIES = "2" },
    { for address in google_compute_global_address.api : "LOAD_BALANCER_ADDRESS" => address.address },
  )

  signing_environment = merge(
    { JWT_SECRET = var.jwt_secret_version },
    var.jwt_secret_previous_version == null ? {} : { JWT_SECRET_PREVIOUS = var.jwt_secret_previous_version },
  )
}

resource "google_cloud_run_v2_service" "function" {
  for_each = local.serving ? local.functions : {}

  name                = each.key
  location            = var.region
  deletion_protection = var.deletion_protection

  # API Gateway calls from outside, as anybody would: what keeps others out is the invoker role.
  ingress = each.value.public ? "INGRESS_TRAFFIC_ALL" : "INGRESS_TRAFFIC_INTERNAL_ONLY"

  template {
    service_account                  = google_service_account.function[each.key].email
    max_instance_request_concurrency = each.value.public ? local.concurrency : 1
    timeout                          = "${each.value.public ? local.request_timeout_s : local.sweep_timeout_s}s"

    # The native client of FoundationDB wants Linux itself, not an emulation of its system calls.
    execution_environment = "EXECUTION_ENVIRONMENT_GEN2"

    scaling {
      min_instance_count = each.value.public ? local.size.function.min_instances : 0
      max_instance_count = each.value.public ? local.size.function.max_instances : 1
    }

    vpc_access {
      egress    = "PRIVATE_RANGES_ONLY"
      connector = one(google_vpc_access_connector.connector[*].id)

      dynamic "network_interfaces" {
        for_each = google_compute_subnetwork.direct
        content {
          network    = google_compute_network.vpc.id
          subnetwork = network_interfaces.value.id
        }
      }
    }

    # Cloud Run has no switch for a read-only root: the image's files belong to root and it runs as another user.
    containers {
      image = var.image

      ports {
        container_port = 8080
      }

      resources {
        limits            = { cpu = local.size.function.cpu, memory = local.size.function.memory }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      dynamic "env" {
        for_each = merge(
          local.common_environment,
          each.value.public ? local.gateway_environment : {},
          each.value.environment,
        )
        content {
          name  = env.key
          value = env.value
        }
      }

      # In place before the instance starts, so that no cold start calls Secret Manager.
      dynamic "env" {
        for_each = each.value.signs ? local.signing_environment : {}
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.secret["jwt-secret"].secret_id
              version = env.value
            }
          }
        }
      }

      dynamic "volume_mounts" {
        for_each = local.files
        content {
          name       = volume_mounts.key
          mount_path = volume_mounts.value.folder
        }
      }

      startup_probe {
        period_seconds    = 2
        failure_threshold = 30

        tcp_socket {
          port = 8080
        }
      }

      # Only the function health has an endpoint that says so without a token.
      dynamic "liveness_probe" {
        for_each = each.key == "health" ? [1] : []
        content {
          period_seconds    = 30
          failure_threshold = 3

          http_get {
            path = "/api/v5/health"
          }
        }
      }
    }

    dynamic "volumes" {
      for_each = local.files
      content {
        name = volumes.key
        secret {
          secret = google_secret_manager_secret.secret[volumes.key].secret_id
          items {
            path    = volumes.value.name
            version = "latest"
          }
        }
      }
    }
  }

  depends_on = [
    data.google_secret_manager_secret_version.required,
    google_secret_manager_secret_iam_member.function,
  ]

  lifecycle {
    # Cloud Build's part: which image runs, and which revision has the traffic.
    ignore_changes = [
      client,
      client_version,
      traffic,
      template[0].containers[0].image,
      template[0].containers[0].name,
      template[0].labels,
      template[0].revision,
    ]
  }
}

# Who may call a function. The builder only probes a revision before it gets traffic.
resource "google_cloud_run_v2_service_iam_member" "gateway" {
  for_each = local.serving ? local.public_functions : []

  name     = google_cloud_run_v2_service.function[each.key].name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.platform["gateway"].member
}

resource "google_cloud_run_v2_service_iam_member" "scheduler" {
  count = local.serving ? 1 : 0

  name     = google_cloud_run_v2_service.function["maintenance"].name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.platform["scheduler"].member
}

resource "google_cloud_run_v2_service_iam_member" "builder_probes" {
  for_each = local.serving ? local.public_functions : []

  name     = google_cloud_run_v2_service.function[each.key].name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.platform["builder"].member
}
