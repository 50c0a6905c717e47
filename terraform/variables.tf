variable "project" {
  description = "Id of the Google Cloud project that holds everything."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project id has 6 to 30 lower-case letters, digits and hyphens, as in coditect-prod."
  }
}

variable "region" {
  description = "Region of everything that has one. API Gateway must be offered in it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "Name a region, not a zone, as in europe-west1."
  }
}

variable "footprint" {
  description = "How large everything is: small for development, production for users. footprint.tf holds the sizes."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["small", "production"], var.footprint)
    error_message = "The footprint is small or production."
  }
}

variable "jwt_secret_version" {
  description = "Version of the secret jwt-secret that signs tokens. While null, there are no functions and no gateway."
  type        = string
  default     = null

  validation {
    condition     = var.jwt_secret_version == null || can(regex("^[1-9][0-9]*$", var.jwt_secret_version))
    error_message = "Pin a version by its number: an alias such as latest would change signatures behind running instances."
  }
}

variable "jwt_secret_previous_version" {
  description = "Version of jwt-secret that still verifies tokens, or already does: set only while the secret is replaced."
  type        = string
  default     = null

  validation {
    condition = (
      var.jwt_secret_previous_version == null || can(regex("^[1-9][0-9]*$", var.jwt_secret_previous_version))
    )
    error_message = "Pin a version by its number."
  }

  validation {
    condition     = var.jwt_secret_previous_version == null || var.jwt_secret_version != null
    error_message = "Name the version that signs, jwt_secret_version, first."
  }

  validation {
    condition = (
      var.jwt_secret_previous_version == null || var.jwt_secret_previous_version != var.jwt_secret_version
    )
    error_message = "The previous version is another one than the version that signs."
  }
}

variable "cors_allowed_origins" {
  description = "Origins whose pages may call the API."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.cors_allowed_origins) > 0
    error_message = "Name at least the frontend's origin."
  }

  validation {
    condition = alltrue([
      for origin in var.cors_allowed_origins :
      can(regex("^(https://[a-z0-9.-]+|http://localhost)(:[0-9]{1,5})?$", origin))
    ])
    error_message = "Write origins as https://app.example.com or http://localhost:5173, without a path; * is not for here."
  }
}

variable "alert_email" {
  description = "Address that alerts are sent to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alert_email))
    error_message = "Write one e-mail address."
  }
}

variable "domain" {
  description = "Host name of the API, served by a load balancer with Cloud Armor. Null leaves both out."
  type        = string
  default     = null

  validation {
    condition     = var.domain == null || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "Write a host name, as in api.example.com, without scheme or path."
  }
}

variable "vpc_egress" {
  description = "How functions reach the network: through a VPC connector, or directly, which costs nothing while idle."
  type        = string
  nullable    = false
  default     = "connector"

  validation {
    condition     = contains(["connector", "direct"], var.vpc_egress)
    error_message = "Egress goes through connector or direct."
  }
}

variable "cluster_dns_domain" {
  description = "DNS domain of the GKE cluster, resolved in the whole network. The manifests' dnsDomain is the same."
  type        = string
  nullable    = false
  default     = "coditect.internal"

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}$", var.cluster_dns_domain))
    error_message = "Write a DNS domain of at least two labels, without a dot at its end."
  }

  validation {
    condition     = var.cluster_dns_domain != "cluster.local"
    error_message = "cluster.local is resolved inside a cluster only, and functions are outside."
  }
}

variable "source_repository" {
  description = "Repository whose main branch is built and deployed, as Cloud Build names it. Null leaves the trigger out."
  type        = string
  default     = null

  validation {
    condition = var.source_repository == null || can(
      regex("^projects/[^/]+/locations/[^/]+/connections/[^/]+/repositories/[^/]+$", var.source_repository)
    )
    error_message = "Write projects/…/locations/…/connections/…/repositories/…, as gcloud builds repositories list does."
  }
}

variable "image" {
  description = "Image that a function starts with. From the first push on, Cloud Build replaces it."
  type        = string
  nullable    = false
  default     = "us-docker.pkg.dev/cloudrun/container/hello"

  validation {
    condition     = can(regex("^[a-z0-9.-]+/[a-z0-9./_-]+(@sha256:[0-9a-f]{64}|:[A-Za-z0-9._-]+)?$", var.image))
    error_message = "Write an image with its registry, as in us-docker.pkg.dev/cloudrun/container/hello."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the cluster, the functions and the secrets. False only to tear everything down."
  type        = bool
  nullable    = false
  default     = true
}
