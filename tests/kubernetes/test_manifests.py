"""The manifests of terraform/kubernetes as they are applied: right for Kubernetes, the operator, and each other."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from shared.settings import PROJECT

MANIFESTS = PROJECT / "terraform" / "kubernetes"
FOOTPRINTS = ["small", "production", "drill"]
KUBERNETES = "1.33"
FOUNDATIONDB = "7.3.79"

OPERATOR_KINDS = json.loads(Path(__file__).with_name("foundationdb-operator-2.33.0.json").read_text())
# Parts of the operator's kinds that are Kubernetes' own, by the kind that has the same part.
TEMPLATES = {"podTemplate": ("PodTemplate", "template"), "podTemplateSpec": ("PodTemplate", "template")}
CLAIM = "volumeClaimTemplate"
# The schema of cert-manager is not here: its few fields are compared with what uses them.
CERTIFICATE_KINDS = {"Certificate", "Issuer"}

Manifest = dict[str, Any]

pytestmark = pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl, which renders the manifests, is not here")


@cache
def rendered(footprint: str) -> list[Manifest]:
    command = ["kubectl", "kustomize", str(MANIFESTS / footprint)]
    manifests = yaml.safe_load_all(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    alone = MANIFESTS / footprint / "restore.yaml"
    return [*manifests, *(yaml.safe_load_all(alone.read_text()) if alone.exists() else [])]


def of_kind(footprint: str, kind: str) -> dict[str, Manifest]:
    return {m["metadata"]["name"]: m for m in rendered(footprint) if m["kind"] == kind}


def values(node: object, key: str) -> Iterator[Any]:
    """Every value of a key, however deep."""
    if isinstance(node, dict):
        yield from (value for name, value in node.items() if name == key)
        yield from (found for value in node.values() for found in values(value, key))
    elif isinstance(node, list):
        yield from (found for value in node for found in values(value, key))


def strict(schema: object) -> object:
    """Forbid what a schema does not name; Kubernetes would drop it silently."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {"additionalProperties": False} if isinstance(schema.get("properties"), dict) else {}
    return closed | {key: strict(value) for key, value in schema.items()}


def validate(manifest: Manifest) -> None:
    """Check one manifest against the schema of its kind; raises what the validators raise."""
    kind = manifest["kind"]
    if kind in CERTIFICATE_KINDS:
        assert manifest["apiVersion"] == "cert-manager.io/v1"
    elif kind in OPERATOR_KINDS:
        assert manifest["apiVersion"] == "apps.foundationdb.org/v1beta2"
        schema = strict(OPERATOR_KINDS[kind])
        jsonschema.validate({**manifest, "metadata": {}}, schema)
        for name, (holder, part) in TEMPLATES.items():
            for template in values(manifest, name):
                check_kubernetes({"apiVersion": "v1", "kind": holder, part: pods_with_images(template)})
        for claim in values(manifest, CLAIM):
            check_kubernetes({"apiVersion": "v1", "kind": "PersistentVolumeClaim", **claim})
    else:
        check_kubernetes(manifest)


def check_kubernetes(manifest: Manifest) -> None:
    kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def pods_with_images(template: Manifest) -> Manifest:
    """Stand in for the operator, which sets the image of its own containers."""
    copied: Manifest = json.loads(json.dumps(template))
    for containers in (*values(copied, "containers"), *values(copied, "initContainers")):
        for container in containers:
            container.setdefault("image", "set/by:operator")
    return copied


@pytest.mark.parametrize("footprint", FOOTPRINTS)
def test_every_manifest_fits_its_schema(footprint: str) -> None:
    for manifest in rendered(footprint):
        validate(manifest)


@pytest.mark.parametrize(
    ("kind", "path", "wrong"),
    [
        ("FoundationDBCluster", "spec.databaseConfiguration.redundancy_mode", "quadruple"),
        ("FoundationDBCluster", "spec.routing.dnsDomian", "coditect.internal"),
        ("FoundationDBCluster", "spec.processes.general.podTemplate.spec.nodeSelektor", {}),
        ("FoundationDBBackup", "spec.blobStoreConfiguration.accountName", 1),
        ("CronJob", "spec.scheduled", "* * * * *"),
        ("NetworkPolicy", "spec.podSelector", []),
    ],
)
def test_a_broken_field_would_be_seen(kind: str, path: str, wrong: object) -> None:
    manifest = json.loads(json.dumps(next(iter(of_kind("production", kind).values()))))
    validate(manifest)
    *parents, last = path.split(".")
    node = manifest
    for name in parents:
        node = node[name]
    node[last] = wrong

    with pytest.raises((jsonschema.ValidationError, kubernetes_validate.ValidationError)):
        validate(manifest)


@pytest.mark.parametrize("footprint", FOOTPRINTS)
def test_every_image_and_cluster_is_of_one_named_version(footprint: str) -> None:
    images = set(values(rendered(footprint), "image"))

    assert all(re.search(r":v?\d+\.\d+\.\d+", image) for image in images)
    assert {
        image.split(":")[1]
        for image in images
        if re.match(r"foundationdb/(foundationdb|fdb-kubernetes-monitor):", image)
    } <= {FOUNDATIONDB}
    for kind in ("FoundationDBCluster", "FoundationDBBackup"):
        assert {manifest["spec"]["version"] for manifest in of_kind(footprint, kind).values()} <= {FOUNDATIONDB}


def test_the_client_is_of_the_version_of_the_cluster() -> None:
    sources = [*PROJECT.glob("*/Dockerfile"), *PROJECT.glob("local/*.yml"), PROJECT / "cloudbuild.yaml"]
    for source in sources:
        for version in re.findall(r"foundationdb/foundationdb:([\w.]+)", source.read_text()):
            assert version == FOUNDATIONDB, source
    (crds,) = set(re.findall(r"/v([\d.]+)/config/crd", (MANIFESTS / "crds" / "kustomization.yaml").read_text()))
    operator = of_kind("small", "Deployment")["operator"]
    assert f"foundationdb/fdb-kubernetes-operator:v{crds}" in list(values(operator, "image"))


@pytest.mark.parametrize("footprint", FOOTPRINTS)
def test_no_container_runs_as_root_or_may_gain_rights(footprint: str) -> None:
    pods = [*values(rendered(footprint), "template"), *values(rendered(footprint), "podTemplate")]
    pods += values(rendered(footprint), "podTemplateSpec")

    for pod in (pod["spec"] for pod in pods):
        assert pod["securityContext"]["runAsNonRoot"] is True
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]
            # The operator says with which root its own containers run.
            if "foundationdb" not in container["name"].split("-"):
                assert container["securityContext"]["readOnlyRootFilesystem"] is True, container["name"]


@pytest.mark.parametrize("footprint", FOOTPRINTS)
def test_a_process_reports_the_lack_of_memory_before_its_container_is_killed(footprint: str) -> None:
    unit = {"GiB": 1024, "MiB": 1, "Gi": 1024, "Mi": 1}

    def mebibytes(text: str) -> int:
        number, name = re.fullmatch(r"(\d+)(\w+)", text).groups()  # type: ignore[union-attr]
        return int(number) * unit[name]

    for cluster in of_kind(footprint, "FoundationDBCluster").values():
        general = cluster["spec"]["processes"]["general"]
        given = dict(parameter.split("=") for parameter in general["customParameters"])
        (limit,) = [
            c["resources"]["limits"]
            for c in general["podTemplate"]["spec"]["containers"]
            if c["name"] == "foundationdb"
        ]
        # FoundationDB does not start otherwise.
        assert mebibytes(given["cache_memory"]) < mebibytes(given["memory"])
        assert mebibytes(given["memory"]) < mebibytes(limit["memory"])


def test_production_keeps_three_copies_encrypts_and_spreads_over_zones() -> None:
    cluster = of_kind("production", "FoundationDBCluster")["coditect"]["spec"]
    pod = cluster["processes"]["general"]["podTemplate"]["spec"]

    assert cluster["databaseConfiguration"]["redundancy_mode"] == "triple"
    assert cluster["mainContainer"]["enableTls"] is True
    (spread,) = pod["topologySpreadConstraints"]
    assert (spread["topologyKey"], spread["whenUnsatisfiable"]) == ("topology.kubernetes.io/zone", "DoNotSchedule")


def test_what_uses_a_secret_or_config_map_finds_it() -> None:
    certificates = of_kind("production", "Certificate").values()
    made = {certificate["spec"]["secretName"] for certificate in certificates} | {"backup-credentials"}
    used = {secret["secretName"] for secret in values(rendered("production") + rendered("drill"), "secret")}
    maps = {volume["name"] for volume in values(rendered("production"), "configMap")}

    assert used <= made
    assert maps == {*of_kind("production", "ConfigMap"), "coditect-config"}
    for certificate in (certificate["spec"] for certificate in certificates):
        assert int(certificate["renewBefore"][:-1]) < int(certificate["duration"][:-1])
        assert certificate["issuerRef"]["name"] in of_kind("production", "Issuer")


def test_volumes_that_are_mounted_are_there() -> None:
    for footprint in FOOTPRINTS:
        pods = [
            pod["spec"]
            for key in ("template", "podTemplate", "podTemplateSpec")
            for pod in values(rendered(footprint), key)
        ]
        for pod in pods:
            mounted = {mount["name"] for mount in values(pod, "volumeMounts") for mount in mount}
            assert mounted == {volume["name"] for volume in pod.get("volumes", [])}


def test_only_the_project_is_left_to_fill_in() -> None:
    for path in MANIFESTS.rglob("*.yaml"):
        assert set(re.findall(r"\$\{?(\w+)", path.read_text())) <= {"PROJECT"}, path


def test_everything_but_what_belongs_to_the_whole_cluster_is_in_the_namespace() -> None:
    for footprint in FOOTPRINTS:
        for manifest in rendered(footprint):
            if manifest["kind"] not in {"Namespace", "ClusterRole", "ClusterRoleBinding"}:
                assert manifest["metadata"]["namespace"] == "foundationdb"


def terraform(name: str, pattern: str) -> str:
    """Find a value in a file of Terraform's."""
    path = PROJECT / "terraform" / name
    if not path.exists():
        pytest.skip(f"terraform/{name} is not here")
    found = re.search(pattern, path.read_text(), re.DOTALL)
    assert found, f"terraform/{name} says nothing like {pattern}"
    return found[1]


def test_the_domain_of_the_pods_names_is_terraforms() -> None:
    domain = terraform("variables.tf", r'variable "cluster_dns_domain" \{.*?default\s*=\s*"([^"]+)"')

    for footprint in ("small", "production"):
        assert of_kind(footprint, "FoundationDBCluster")["coditect"]["spec"]["routing"]["dnsDomain"] == domain


def test_who_reaches_foundationdb_are_terraforms_subnets() -> None:
    ranges = {terraform("network.tf", rf'{name}\s*=\s*"([\d./]+)"') for name in ("connector", "direct")}

    policy = of_kind("small", "NetworkPolicy")["foundationdb"]["spec"]
    assert {block["cidr"] for block in values(policy, "ipBlock")} == ranges
    assert {port["port"] for ports in values(policy, "ports") for port in ports} == {4500, 4501}


def test_the_backups_bucket_is_terraforms() -> None:
    name = terraform("backup.tf", r'google_storage_bucket" "backup" \{\s*name\s*=\s*"([^"]+)"')

    buckets = set(values(rendered("production") + rendered("drill"), "bucket"))
    assert buckets == {name.replace("${var.project}", "${PROJECT}")}
    assert f"bucket={buckets.pop()}&" in str(of_kind("production", "CronJob")["backup-expiry"])


def test_the_published_secrets_are_terraforms() -> None:
    (args,) = [list(values(job, "args")) for job in [of_kind("production", "CronJob")["cluster-file-publisher"]]]
    published = {pair.partition("=")[2] for pair in args[0]}

    for secret in published:
        assert terraform("secrets.tf", rf'"({secret})"')
