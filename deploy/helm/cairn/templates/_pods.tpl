{{- /* What pods have in common. */ -}}

{{- /* root, files, documents (name of a ConfigMap or ""): the volumes. */ -}}
{{- define "cairn.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: 1Gi}
{{- if .files }}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
    {{- range .files }}
      - {{ ternary "configMap" "secret" (eq (.kind | default "Secret") "ConfigMap") }}:
          name: {{ .name }}
          items: [{key: {{ .key | quote }}, path: {{ .file }}}]
    {{- end }}
{{- end }}
{{- with .documents }}
- name: documents
  configMap: {name: {{ . }}}
{{- end }}
{{- end -}}

{{- define "cairn.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if .files }}
- {name: secrets, mountPath: /run/cairn/secrets, readOnly: true}
{{- end }}
{{- with .documents }}
- {name: documents, mountPath: /run/cairn/documents, readOnly: true}
{{- end }}
{{- end -}}

{{- /* root, service: a sum over the Secrets that the service refers to, as they are in the cluster now. */ -}}
{{- define "cairn.secretsSum" -}}
{{- $root := .root -}}
{{- $v := $root.Values -}}
{{- $names := list (index $v.mongodb.clients .service).uri.name $v.telemetry.headers.name -}}
{{- if eq .service "assessment" -}}{{- $names = append $names $v.reviews.webhook.name -}}{{- end -}}
{{- range (include "cairn.files" . | fromJson).files -}}{{- $names = append $names (printf "%s/%s" (.kind | default "Secret") .name) -}}{{- end -}}
{{- $seen := list $v.secretsRevision -}}
{{- range $names | uniq | sortAlpha -}}
{{- if . -}}
{{- $parts := splitList "/" . -}}
{{- $kind := ternary "Secret" (first $parts) (eq (len $parts) 1) -}}
{{- $seen = append $seen (toJson (lookup "v1" $kind $root.Release.Namespace (last $parts)).data) -}}
{{- end -}}
{{- end -}}
{{- toJson $seen | sha256sum -}}
{{- end -}}

{{- define "cairn.podDefaults" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- include "cairn.podSecurityContext" . | nindent 2 }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - {name: {{ . }}}
{{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{ toJson . }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{ toJson . }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{ toJson . }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}
