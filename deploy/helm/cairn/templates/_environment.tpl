{{- /* What a service is told, and which Secrets it sees: each only what it uses (shared/settings.py). */ -}}

{{- /* root, client -> JSON: {"files": [{variable, file, kind, name, key}]} for a client of the broker. */ -}}
{{- define "cairn.kafkaFiles" -}}
{{- $kafka := .root.Values.kafka -}}
{{- $client := index $kafka.clients .client -}}
{{- $files := list -}}
{{- if hasSuffix "SSL" $kafka.security -}}
{{- if $kafka.ca.name -}}
{{- $files = append $files (merge (dict "variable" "CAIRN_KAFKA_CA" "file" "kafka-ca.pem") $kafka.ca) -}}
{{- end -}}
{{- if $kafka.mutualTls -}}
{{- $files = append $files (merge (dict "variable" "CAIRN_KAFKA_CERTIFICATE" "file" "kafka-certificate.pem") $client.certificate) -}}
{{- $files = append $files (merge (dict "variable" "CAIRN_KAFKA_KEY" "file" "kafka-key.pem") $client.privateKey) -}}
{{- end -}}
{{- end -}}
{{- if hasPrefix "SASL" $kafka.security -}}
{{- if eq $kafka.sasl "OAUTHBEARER" -}}
{{- $files = append $files (merge (dict "variable" "CAIRN_KAFKA_CLIENT_SECRET" "file" "kafka-client-secret") $client.clientSecret) -}}
{{- else -}}
{{- $files = append $files (merge (dict "variable" "CAIRN_KAFKA_PASSWORD" "file" "kafka-password") $client.password) -}}
{{- end -}}
{{- end -}}
{{- dict "files" $files | toJson -}}
{{- end -}}

{{- /* root, service -> JSON: {"files": […]}: all files from Secrets (or ConfigMaps with an authority). */ -}}
{{- define "cairn.files" -}}
{{- $v := .root.Values -}}
{{- $s := .service -}}
{{- $files := (include "cairn.kafkaFiles" (dict "root" .root "client" $s) | fromJson).files -}}
{{- $wanted := list (dict "variable" "CAIRN_MONGODB_CA" "file" "mongodb-ca.pem" "of" $v.mongodb.ca)
    (dict "variable" "CAIRN_MONGODB_CERTIFICATE" "file" "mongodb-certificate.pem" "of" (index $v.mongodb.clients $s).certificate) -}}
{{- if and (ne $s "catalog") $v.signIn.issuer -}}
{{- $wanted = append $wanted (dict "variable" "CAIRN_SESSION_KEY" "file" "session.key" "of" $v.keys.session) -}}
{{- $wanted = append $wanted (dict "variable" "CAIRN_OIDC_CLIENT_SECRET" "file" "sign-in-secret" "of" $v.signIn.clientSecret) -}}
{{- end -}}
{{- if eq $s "assessment" -}}
{{- $wanted = append $wanted (dict "variable" "CAIRN_SOURCES_KEY" "file" "sources.key" "of" $v.keys.sources) -}}
{{- $wanted = append $wanted (dict "variable" "CAIRN_REVIEWS_WEBHOOK_SECRET" "file" "reviews-webhook-secret" "of" $v.reviews.webhookSecret) -}}
{{- $wanted = append $wanted (dict "variable" "CAIRN_SCHEMA_REGISTRY_LOGIN" "file" "schema-registry-login" "of" $v.sources.schemaRegistryLogin) -}}
{{- range $v.sources.clusterFiles -}}
{{- $wanted = append $wanted (dict "variable" "" "file" .file "of" (pick . "name" "key")) -}}
{{- end -}}
{{- end -}}
{{- if eq $s "awarding" -}}
{{- $wanted = append $wanted (dict "variable" "CAIRN_PUBLIC_ID_KEY" "file" "public-id.key" "of" $v.keys.publicId) -}}
{{- $wanted = append $wanted (dict "variable" "CAIRN_ISSUER_KEYS" "file" "issuer-keys.json" "of" $v.keys.issuer) -}}
{{- $wanted = append $wanted (dict "variable" "CAIRN_UNSEALING_KEY" "file" "unsealing-key.json" "of" $v.keys.unsealing) -}}
{{- end -}}
{{- if eq $s "notifications" -}}
{{- $wanted = append $wanted (dict "variable" "CAIRN_SEALING_KEY" "file" "sealing-key.json" "of" $v.keys.sealing) -}}
{{- if $v.mail.user -}}
{{- $wanted = append $wanted (dict "variable" "CAIRN_SMTP_PASSWORD" "file" "mail-password" "of" $v.mail.password) -}}
{{- end -}}
{{- end -}}
{{- range $wanted -}}
{{- if .of.name -}}
{{- $files = append $files (merge (dict "variable" .variable "file" .file) .of) -}}
{{- end -}}
{{- end -}}
{{- dict "files" $files | toJson -}}
{{- end -}}

{{- /* root, service -> JSON: {"data": {file: text}}: what is said in values and read as files. */ -}}
{{- define "cairn.documents" -}}
{{- $v := .root.Values -}}
{{- $data := dict -}}
{{- if $v.roles.roles -}}{{- $_ := set $data "roles.json" (toJson $v.roles) -}}{{- end -}}
{{- if and (eq .service "catalog") $v.entitlements -}}{{- $_ := set $data "entitlements.json" (toJson $v.entitlements) -}}{{- end -}}
{{- if and (eq .service "awarding") $v.knownIssuers -}}{{- $_ := set $data "known-issuers.json" (toJson $v.knownIssuers) -}}{{- end -}}
{{- if and (eq .service "assessment") $v.sources.clusters -}}{{- $_ := set $data "source-clusters.json" (toJson $v.sources.clusters) -}}{{- end -}}
{{- dict "data" $data | toJson -}}
{{- end -}}

{{- define "cairn.fileVariables" -}}
{{- range . }}
{{- if .variable }}
- {name: {{ .variable }}, value: /run/cairn/secrets/{{ .file }}}
{{- end }}
{{- end }}
{{- end -}}

{{- /* root, client: how the broker is reached, but for files. */ -}}
{{- define "cairn.kafkaEnvironment" -}}
{{- $kafka := .root.Values.kafka -}}
{{- $client := index $kafka.clients .client -}}
- {name: CAIRN_KAFKA, value: {{ required "kafka.bootstrap: say where the broker is" $kafka.bootstrap | quote }}}
- {name: CAIRN_KAFKA_SECURITY, value: {{ $kafka.security }}}
{{- if hasPrefix "SASL" $kafka.security }}
- {name: CAIRN_KAFKA_SASL, value: {{ $kafka.sasl }}}
{{- if eq $kafka.sasl "OAUTHBEARER" }}
- {name: CAIRN_KAFKA_TOKEN_URL, value: {{ required "kafka.tokenUrl: OAUTHBEARER needs a token endpoint" $kafka.tokenUrl | quote }}}
- {name: CAIRN_KAFKA_CLIENT_ID, value: {{ $client.clientId | quote }}}
{{- with $kafka.scope }}
- {name: CAIRN_KAFKA_SCOPE, value: {{ . | quote }}}
{{- end }}
{{- else }}
- {name: CAIRN_KAFKA_USER, value: {{ $client.user | quote }}}
{{- end }}
{{- end }}
- {name: CAIRN_PARTITIONS, value: {{ int $kafka.partitions | quote }}}
{{- end -}}

{{- /* root, service: the variables that every process of a service gets. */ -}}
{{- define "cairn.environment" -}}
{{- $v := .root.Values -}}
{{- $s := .service -}}
{{ include "cairn.kafkaEnvironment" (dict "root" .root "client" $s) }}
{{- $uri := (index $v.mongodb.clients $s).uri }}
- name: CAIRN_MONGODB
  valueFrom: {secretKeyRef: {name: {{ $uri.name }}, key: {{ $uri.key | quote }}}}
- {name: CAIRN_DATABASE_PREFIX, value: {{ $v.databasePrefix | quote }}}
- name: CAIRN_INSTANCE
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- {name: CAIRN_LOG_LEVEL, value: {{ $v.logLevel }}}
- {name: CAIRN_HTTP_HOST, value: {{ $v.http.host | quote }}}
- {name: CAIRN_HTTP_PORT, value: "8000"}
- {name: CAIRN_HTTP_REQUESTS, value: {{ int64 $v.http.requests | quote }}}
- {name: CAIRN_HTTP_BYTES, value: {{ int64 $v.http.bytes | quote }}}
- {name: CAIRN_JWKS, value: {{ required "tokens.jwks: say what tokens are verified against" $v.tokens.jwks | quote }}}
- {name: CAIRN_TOKEN_ISSUER, value: {{ required "tokens.issuer: say who issues tokens" $v.tokens.issuer | quote }}}
- {name: CAIRN_TOKEN_AUDIENCE, value: {{ $v.tokens.audience | quote }}}
- {name: CAIRN_INSTITUTION, value: {{ $v.institution | quote }}}
{{- range $name := list "catalog" "assessment" "awarding" "notifications" }}
- {name: CAIRN_{{ upper $name }}_URL, value: {{ required (printf "urls.%s: say where people reach it" $name) (index $v.urls $name) | quote }}}
{{- end }}
{{- if $v.roles.roles }}
- {name: CAIRN_ROLES, value: /run/cairn/documents/roles.json}
{{- end }}
{{- if and (ne $s "catalog") $v.signIn.issuer }}
- {name: CAIRN_OIDC_ISSUER, value: {{ $v.signIn.issuer | quote }}}
- {name: CAIRN_OIDC_CLIENT_ID, value: {{ $v.signIn.clientId | quote }}}
{{- end }}
{{- if and (ne $s "notifications") $v.fetchFrom }}
- {name: CAIRN_FETCH_FROM, value: {{ join "," $v.fetchFrom | quote }}}
{{- end }}
{{- if eq $s "assessment" }}
{{- with $v.sources.schemaRegistry }}
- {name: CAIRN_SCHEMA_REGISTRY, value: {{ . | quote }}}
{{- end }}
{{- if $v.reviews.webhook.name }}
- name: CAIRN_REVIEWS_WEBHOOK
  valueFrom: {secretKeyRef: {name: {{ $v.reviews.webhook.name }}, key: {{ $v.reviews.webhook.key | quote }}}}
{{- end }}
{{- if $v.sources.clusters }}
- {name: CAIRN_SOURCE_CLUSTERS, value: /run/cairn/documents/source-clusters.json}
{{- end }}
{{- end }}
{{- if and (eq $s "catalog") $v.entitlements }}
- {name: CAIRN_ENTITLEMENTS, value: /run/cairn/documents/entitlements.json}
{{- end }}
{{- if eq $s "awarding" }}
- {name: CAIRN_CHECK_SECONDS, value: {{ $v.checkSeconds | quote }}}
{{- end }}
{{- if and (eq $s "awarding") $v.knownIssuers }}
- {name: CAIRN_KNOWN_ISSUERS, value: /run/cairn/documents/known-issuers.json}
{{- end }}
{{- if eq $s "notifications" }}
- {name: CAIRN_SMTP, value: {{ required "mail.server: say which server takes mails" $v.mail.server | quote }}}
- {name: CAIRN_MAIL_FROM, value: {{ required "mail.from: say who sends mails" $v.mail.from | quote }}}
{{- with $v.mail.user }}
- {name: CAIRN_SMTP_USER, value: {{ . | quote }}}
{{- end }}
{{- end }}
{{- include "cairn.fileVariables" (include "cairn.files" . | fromJson).files }}
{{- end -}}

{{- /* root, service, role: OpenTelemetry's own variables. */ -}}
{{- define "cairn.telemetry" -}}
{{- with .root.Values.telemetry }}
{{- if .endpoint }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ .endpoint | quote }}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: NODE_NAME
  valueFrom: {fieldRef: {fieldPath: spec.nodeName}}
- name: OTEL_RESOURCE_ATTRIBUTES
  value: k8s.namespace.name=$(POD_NAMESPACE),k8s.pod.name=$(CAIRN_INSTANCE),k8s.node.name=$(NODE_NAME),service.version={{ $.root.Chart.AppVersion }}
{{- if .headers.name }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom: {secretKeyRef: {name: {{ .headers.name }}, key: {{ .headers.key | quote }}}}
{{- end }}
{{- end }}
{{- range $name, $value := .env }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}
{{- end -}}
