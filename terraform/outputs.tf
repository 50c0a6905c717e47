output "api_url" {
  description = "Where the API answers; the frontend's VITE_API_URL. Null while there are no functions."
  value       = local.serving ? "https://${local.api_host}" : null
}

output "gateway_url" {
  description = "The gateway's own address: with a domain, the way around the load balancer."
  value       = local.serving ? "https://${google_api_gateway_gateway.api[0].default_hostname}" : null
}

output "dns_record" {
  description = "The record to set at the domain's DNS. Null without a domain."
  value       = one([for address in google_compute_global_address.api : "${var.domain}. A ${address.address}"])
}

output "registry" {
  description = "Where images are pushed to."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "cluster_credentials" {
  description = "The command that lets kubectl in."
  value       = "gcloud container clusters get-credentials ${google_container_cluster.cluster.name} --dns-endpoint --region ${var.region} --project ${var.project}"
}

output "cluster_dns_domain" {
  description = "What the manifests' dnsDomain must be."
  value       = var.cluster_dns_domain
}

output "backup_bucket" {
  description = "Where FoundationDB's backups go."
  value       = google_storage_bucket.backup.name
}

output "backup_account" {
  description = "Who writes backups: the account that FoundationDB's HMAC key is made for."
  value       = google_service_account.platform["fdb-backup"].email
}
