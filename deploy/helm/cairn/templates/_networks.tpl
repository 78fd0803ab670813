{{- /* The arrows of the design: whom a process of a service talks to. */ -}}

{{- /* root, service, role -> JSON: {"ways": [name of a way in networkPolicies]}. */ -}}
{{- define "cairn.ways" -}}
{{- $v := .root.Values -}}
{{- $serves := ne .role "stream" -}}
{{- $streams := ne .role "api" -}}
{{- $ways := list "dns" "kafka" "mongodb" -}}
{{- if $v.telemetry.endpoint -}}{{- $ways = append $ways "collector" -}}{{- end -}}
{{- if or $serves (and (hasPrefix "SASL" $v.kafka.security) (eq $v.kafka.sasl "OAUTHBEARER")) -}}{{- $ways = append $ways "identity" -}}{{- end -}}
{{- if or (and $serves (ne .service "notifications")) (eq .service "assessment") -}}{{- $ways = append $ways "documents" -}}{{- end -}}
{{- if and $streams (eq .service "notifications") -}}{{- $ways = append $ways "mail" -}}{{- end -}}
{{- if and $streams (eq .service "assessment") -}}
{{- if $v.reviews.webhook.name -}}{{- $ways = append $ways "webhook" -}}{{- end -}}
{{- if $v.sources.schemaRegistry -}}{{- $ways = append $ways "registry" -}}{{- end -}}
{{- if $v.sources.clusters -}}{{- $ways = append $ways "sources" -}}{{- end -}}
{{- end -}}
{{- dict "ways" $ways | toJson -}}
{{- end -}}

{{- /* root, ways: the rules. Names are asked for over UDP and TCP. */ -}}
{{- define "cairn.egress" -}}
{{- range $name := .ways }}
{{- $way := index $.root.Values.networkPolicies $name }}
- ports:
  {{- range $way.ports }}
    {{- if eq $name "dns" }}
    - {protocol: UDP, port: {{ int . }}}
    {{- end }}
    - {protocol: TCP, port: {{ int . }}}
  {{- end }}
  {{- with $way.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}
