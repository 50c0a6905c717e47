mock_provider "google" { source = "./tests/mocks" }
mock_provider "google-beta" { source = "./tests/mocks" }

variables {
  project                     = "coditect-test"
  region                      = "europe-west1"
  footprint                   = "production"
  jwt_secret_version          = "7"
  jwt_secret_previous_version = "6"
  cors_allowed_origins        = ["https://app.example.com", "http://localhost:5173"]
  alert_email                 = "operators@example.com"
}

run "production" {
  assert {
    condition = (
      { for name, account in google_service_account.function : name => account.account_id }
      == { for name in keys(google_cloud_run_v2_service.function) : name => "fn-${name}" }
    )
    error_message = "Each function has an account of its own."
  }

  assert {
    condition = {
      for name, function in google_cloud_run_v2_service.function : name => {
        for variable in function.template[0].containers[0].env : variable.name => join("@", [
          for key in variable.value_source[0].secret_key_ref : "${key.secret}@${key.version}"
        ]) if length(variable.value_source) > 0
      }
      } == {
      health      = {}
      maintenance = {}
      auth        = { JWT_SECRET = "jwt-secret@7", JWT_SECRET_PREVIOUS = "jwt-secret@6" }
      sessions    = { JWT_SECRET = "jwt-secret@7", JWT_SECRET_PREVIOUS = "jwt-secret@6" }
      keys        = { JWT_SECRET = "jwt-secret@7", JWT_SECRET_PREVIOUS = "jwt-secret@6" }
      audit       = { JWT_SECRET = "jwt-secret@7", JWT_SECRET_PREVIOUS = "jwt-secret@6" }
    }
    error_message = "JWT_SECRET comes from a pinned version, and health and maintenance have none."
  }

  assert {
    condition = (
      toset([for key in keys(google_secret_manager_secret_iam_member.function) : key])
      == toset(concat(
        [for function in ["auth", "sessions", "keys", "audit"] : "${function}/jwt-secret"],
        [
          for pair in setproduct(
            ["health", "auth", "sessions", "keys", "audit", "maintenance"],
            ["fdb-cluster-file", "fdb-tls-cert", "fdb-tls-key", "fdb-tls-ca"],
          ) : join("/", pair)
        ],
      ))
      && alltrue([
        for grant in google_secret_manager_secret_iam_member.function : grant.role == "roles/secretmanager.secretAccessor"
      ])
    )
    error_message = "Secrets are granted one by one, to be read: jwt-secret to those that sign, FoundationDB's files to all."
  }

  assert {
    condition = alltrue([
      for function in google_cloud_run_v2_service.function : alltrue([
        for variable in function.template[0].containers[0].env : contains(
          flatten([
            for mount in function.template[0].containers[0].volume_mounts : [
              for volume in function.template[0].volumes :
              "${mount.mount_path}/${one(volume.secret[0].items).path}" if volume.name == mount.name
            ]
          ]),
          variable.value
        ) if startswith(variable.name, "FDB_")
      ])
    ])
    error_message = "Every FDB_… variable names a file that is mounted."
  }

  assert {
    condition = alltrue([
      for function in google_cloud_run_v2_service.function : toset([
        for variable in function.template[0].containers[0].env : variable.name if startswith(variable.name, "FDB_")
      ]) == toset(["FDB_CLUSTER_FILE", "FDB_TLS_CERTIFICATE_FILE", "FDB_TLS_KEY_FILE", "FDB_TLS_CA_FILE"])
    ])
    error_message = "Every function reaches FoundationDB, in production with TLS: certificate, key and authority."
  }

  assert {
    condition = alltrue(flatten([
      for function in google_cloud_run_v2_service.function : [
        for volume in function.template[0].volumes : one(volume.secret[0].items).version == "latest"
      ]
    ]))
    error_message = "The cluster file changes when coordinators move, certificates before they expire: both at latest."
  }

  assert {
    condition = {
      for name, function in google_cloud_run_v2_service.function : name => function.ingress
      } == {
      health      = "INGRESS_TRAFFIC_ALL"
      auth        = "INGRESS_TRAFFIC_ALL"
      sessions    = "INGRESS_TRAFFIC_ALL"
      keys        = "INGRESS_TRAFFIC_ALL"
      audit       = "INGRESS_TRAFFIC_ALL"
      maintenance = "INGRESS_TRAFFIC_INTERNAL_ONLY"
    }
    error_message = "API Gateway is not inside; maintenance has no business with the outside."
  }

  assert {
    condition = alltrue([
      for name, function in google_cloud_run_v2_service.function : join(" ", sort([
        for variable in function.template[0].containers[0].env : "${variable.name}=${variable.value}"
        if contains(["BEHIND_GATEWAY", "TRUSTED_PROXIES"], variable.name)
      ])) == (name == "maintenance" ? "" : "BEHIND_GATEWAY=true TRUSTED_PROXIES=2")
    ])
    error_message = "Only behind the gateway may its headers be believed: anybody could write them to another function."
  }

  assert {
    condition = alltrue([
      for name, function in google_cloud_run_v2_service.function : contains(
        [for variable in function.template[0].containers[0].env : "${variable.name}=${variable.value}" if length(variable.value_source) == 0],
        "CORS_ALLOWED_ORIGINS=https://app.example.com,http://localhost:5173",
      )
    ])
    error_message = "Production does not start without CORS_ALLOWED_ORIGINS."
  }

  assert {
    condition = alltrue([
      for name in local.public_functions : contains(
        [
          for variable in google_cloud_run_v2_service.function[name].template[0].containers[0].env : variable.value
          if variable.name == "THREADS"
        ],
        tostring(google_cloud_run_v2_service.function[name].template[0].max_instance_request_concurrency),
      )
    ])
    error_message = "Every request that is accepted has a thread."
  }

  assert {
    condition = (
      google_cloud_run_v2_service.function["maintenance"].template[0].max_instance_request_concurrency == 1
      && google_cloud_run_v2_service.function["maintenance"].template[0].scaling[0].max_instance_count == 1
    )
    error_message = "One sweep at a time."
  }

  assert {
    condition = alltrue([
      for name in local.public_functions :
      google_cloud_run_v2_service.function[name].template[0].scaling[0].min_instance_count == 1
    ])
    error_message = "In production an instance of each public function waits."
  }
}

run "small" {
  variables {
    footprint                   = "small"
    jwt_secret_previous_version = null
    deletion_protection         = false
  }

  assert {
    condition = alltrue([
      for function in google_cloud_run_v2_service.function : (
        function.template[0].scaling[0].min_instance_count == 0 && function.template[0].containers[0].resources[0].cpu_idle
      )
    ])
    error_message = "A development function costs nothing while idle."
  }

  assert {
    condition = (
      google_vpc_access_connector.connector[0].machine_type == "e2-micro"
      && google_container_node_pool.foundationdb.node_count == 1
    )
    error_message = "Small has the smallest connector, and a node a zone."
  }

  assert {
    condition = (
      toset([for key in keys(google_secret_manager_secret.secret) : key]) == toset(["jwt-secret", "fdb-cluster-file"])
      && alltrue([
        for function in google_cloud_run_v2_service.function : toset([
          for variable in function.template[0].containers[0].env : variable.name if startswith(variable.name, "FDB_")
        ]) == toset(["FDB_CLUSTER_FILE"])
      ])
    )
    error_message = "Small speaks to FoundationDB without TLS."
  }

  assert {
    condition = alltrue([
      for function in google_cloud_run_v2_service.function :
      !contains([for variable in function.template[0].containers[0].env : variable.name], "JWT_SECRET_PREVIOUS")
    ])
    error_message = "Without a previous version there is no JWT_SECRET_PREVIOUS."
  }

  assert {
    condition = (
      !google_container_cluster.cluster.deletion_protection
      && alltrue([for secret in google_secret_manager_secret.secret : !secret.deletion_protection])
      && alltrue([for function in google_cloud_run_v2_service.function : !function.deletion_protection])
    )
    error_message = "deletion_protection = false lets everything go."
  }
}
