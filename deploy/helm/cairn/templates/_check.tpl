{{- /* What the schema can't say: things that don't go together. */ -}}
{{- define "cairn.check" -}}
{{- $v := .Values -}}
{{- if and $v.kafka.mutualTls (not (hasSuffix "SSL" $v.kafka.security)) -}}
{{- fail "kafka.mutualTls goes with kafka.security SSL or SASL_SSL" -}}
{{- end -}}
{{- if and $v.kafka.ca.name (not (hasSuffix "SSL" $v.kafka.security)) -}}
{{- fail "kafka.ca goes with kafka.security SSL or SASL_SSL" -}}
{{- end -}}
{{- if and $v.mail.user (not $v.mail.password.name) -}}
{{- fail "mail.password: name the Secret that goes with mail.user" -}}
{{- end -}}
{{- if and $v.signIn.issuer (not $v.keys.session.name) -}}
{{- fail "keys.session: people can sign in only with a key for their cookies" -}}
{{- end -}}
{{- if and (eq $v.expose.kind "gateway") (empty $v.expose.parentRefs) -}}
{{- fail "expose.parentRefs: name the Gateway that the routes belong to" -}}
{{- end -}}
{{- if not (and $v.keys.sources.name $v.keys.publicId.name) -}}
{{- fail "keys.sources and keys.publicId: assessment and awarding don't start without" -}}
{{- end -}}
{{- if le (int $v.terminationGracePeriodSeconds) (add 60 (int $v.preStopSeconds) | int) -}}
{{- fail "terminationGracePeriodSeconds must be more than 60 s after preStopSeconds: a batch in hand would be cut short" -}}
{{- end -}}
{{- end -}}
