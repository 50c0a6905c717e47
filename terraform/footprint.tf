# Every size that differs between development and production. docs/deployment.md says what they cost. FoundationDB's nodes
# carry the processes that kubernetes/small and kubernetes/production ask for; in production, five of the six do.
locals {
  size = {
    small = {
      function     = { cpu = "1", memory = "512Mi", min_instances = 0, max_instances = 4 }
      connector    = { machine_type = "e2-micro", min_instances = 2, max_instances = 3 }
      system       = { machine_type = "e2-medium", max_nodes = 2 }
      foundationdb = { machine_type = "e2-standard-2", nodes_per_zone = 1, tls = false }
    }
    production = {
      function     = { cpu = "1", memory = "512Mi", min_instances = 1, max_instances = 50 }
      connector    = { machine_type = "e2-standard-4", min_instances = 2, max_instances = 10 }
      system       = { machine_type = "e2-standard-2", max_nodes = 3 }
      foundationdb = { machine_type = "e2-highmem-4", nodes_per_zone = 2, tls = true }
    }
  }[var.footprint]
}
