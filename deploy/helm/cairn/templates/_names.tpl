{{- /* Names, labels, and which processes there are. */ -}}

{{- define "cairn.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "cairn.image" -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- with .Values.image.digest }}@{{ . }}{{ end -}}
{{- end -}}

{{- /* root, component: for selectors too, so nothing that changes. */ -}}
{{- define "cairn.selector" -}}
app.kubernetes.io/name: cairn
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .service }}
cairn/process: {{ .role }}
{{- end -}}

{{- define "cairn.labels" -}}
app.kubernetes.io/name: cairn
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: cairn
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .service }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- with .role }}
cairn/process: {{ . }}
{{- end }}
{{- end -}}

{{- /* JSON: {"list": [{service, role, name, config}]}, each with its process's values and what its service says otherwise. */ -}}
{{- define "cairn.processes" -}}
{{- $found := list -}}
{{- $roles := ternary (list "all") (list "api" "stream") (eq .Values.mode "one-process") -}}
{{- range $service := list "catalog" "assessment" "awarding" "notifications" -}}
{{- range $role := $roles -}}
{{- $config := mergeOverwrite (deepCopy (index $.Values.processes $role)) (deepCopy (index $.Values.services $service $role | default dict)) -}}
{{- $name := printf "%s-%s-%s" (include "cairn.name" $) $service $role -}}
{{- if eq $role "all" -}}{{- $name = printf "%s-%s" (include "cairn.name" $) $service -}}{{- end -}}
{{- $found = append $found (dict "service" $service "role" $role "name" $name "config" $config) -}}
{{- end -}}
{{- end -}}
{{- dict "list" $found | toJson -}}
{{- end -}}

{{- /* Whether a process's number follows the load: the catalog's stream has no topic to follow. */ -}}
{{- define "cairn.scales" -}}
{{- if and (hasKey .config "autoscaling") .config.autoscaling.enabled (not (and (eq .service "catalog") (eq .role "stream"))) -}}yes{{- end -}}
{{- end -}}

{{- define "cairn.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "cairn.podSecurityContext" -}}
runAsNonRoot: true
{{- with .Values.user }}
runAsUser: {{ int . }}
runAsGroup: {{ int . }}
fsGroup: {{ int . }}
fsGroupChangePolicy: OnRootMismatch
{{- end }}
seccompProfile: {type: RuntimeDefault}
{{- end -}}
