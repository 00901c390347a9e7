//! Manifests from a seed: the same number gives the same text on every machine.

use std::fmt::Write as _;

/// A small generator of numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn percent(&mut self, n: u64) -> bool {
        self.below(100) < n
    }

    fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        let index = self.below(items.len() as u64);
        items[usize::try_from(index).unwrap_or_default()]
    }
}

/// `n` documents; most are workloads, many of which break rules.
pub(crate) fn documents(seed: u64, n: usize) -> Vec<String> {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    (0..n).map(|number| document(&mut random, number)).collect()
}

/// The documents of one file, joined.
pub(crate) fn join(documents: &[String]) -> String {
    documents.join("---\n")
}

fn document(random: &mut Random, number: usize) -> String {
    match random.below(10) {
        0 => service(random, number),
        1 => config_map(random, number),
        _ => workload(random, number),
    }
}

fn head(random: &mut Random, api: &str, kind: &str, name: &str, number: usize) -> String {
    let mut text = format!(
        "apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: {name}-{number}\n  namespace: team-{}\n  labels:\n    app.kubernetes.io/name: {name}-{number}\n    app.kubernetes.io/part-of: shop\n",
        number % 23
    );
    if random.percent(60) {
        text.push_str("    team: checkout\n");
    }
    text.push_str("  annotations:\n    example.com/description: \"generated, number ");
    let _ = writeln!(text, "{number}\"");
    text
}

fn service(random: &mut Random, number: usize) -> String {
    let mut text = head(random, "v1", "Service", "web", number);
    let _ = write!(
        text,
        "spec:\n  type: ClusterIP\n  selector:\n    app.kubernetes.io/name: web-{number}\n  ports:\n  - name: http\n    port: 80\n    targetPort: 8080\n    protocol: TCP\n"
    );
    text
}

fn config_map(random: &mut Random, number: usize) -> String {
    let mut text = head(random, "v1", "ConfigMap", "settings", number);
    text.push_str("data:\n  LOG_LEVEL: info\n  REGION: eu-west-1\n  config.yaml: |\n");
    for line in 0..20 + random.below(20) {
        let _ = writeln!(text, "    option_{line}: value-{}", random.below(1_000));
    }
    text
}

fn workload(random: &mut Random, number: usize) -> String {
    let kind = random.pick(&["Deployment", "Deployment", "Deployment", "StatefulSet"]);
    let mut text = head(random, "apps/v1", kind, "app", number);
    let replicas = 1 + random.below(4);
    let _ = write!(
        text,
        "spec:\n  replicas: {replicas}\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: app-{number}\n  template:\n    metadata:\n      labels:\n        app.kubernetes.io/name: app-{number}\n    spec:\n      serviceAccountName: app-{number}\n      terminationGracePeriodSeconds: 30\n"
    );
    if random.percent(70) {
        text.push_str("      securityContext:\n        runAsNonRoot: true\n");
    }
    if random.percent(10) {
        text.push_str("      hostNetwork: true\n");
    }
    text.push_str("      containers:\n");
    for container in 0..1 + random.below(3) {
        text.push_str(&self::container(random, container));
    }
    text.push_str("      volumes:\n      - name: tmp\n        emptyDir: {}\n");
    text
}

fn container(random: &mut Random, number: u64) -> String {
    let image = random.pick(&[
        "registry.example.com/shop/app:1.4.2",
        "registry.example.com/shop/sidecar:0.9.1",
        "registry.example.com/shop/app:latest",
        "quay.io/other/app:2.0",
    ]);
    let mut text = format!(
        "      - name: container-{number}\n        image: {image}\n        imagePullPolicy: IfNotPresent\n        args: [\"--port\", \"8080\", \"--verbose\"]\n        env:\n        - name: LOG_LEVEL\n          valueFrom:\n            configMapKeyRef:\n              name: settings\n              key: LOG_LEVEL\n        - name: POD_NAME\n          valueFrom:\n            fieldRef:\n              fieldPath: metadata.name\n        ports:\n        - name: http-{number}\n          containerPort: {}\n          protocol: TCP\n        resources:\n          requests:\n            cpu: 100m\n            memory: 128Mi\n",
        8080 + number
    );
    if random.percent(60) {
        text.push_str("          limits:\n            cpu: 500m\n            memory: 256Mi\n");
    }
    if random.percent(65) {
        let _ = write!(
            text,
            "        readinessProbe:\n          httpGet:\n            path: /ready\n            port: http-{number}\n          initialDelaySeconds: 5\n"
        );
    }
    let privileged = random.percent(8);
    let _ = write!(
        text,
        "        securityContext:\n          privileged: {privileged}\n          capabilities:\n            drop: [ALL]\n        volumeMounts:\n        - name: tmp\n          mountPath: /tmp\n"
    );
    text
}
