"""What must hold between settings and objects, each rule by one document that breaks it."""

from typing import Any

import pytest

from ostiary.server_settings.apply import ApplyRefused, plan_apply
from ostiary.server_settings.objects import build, fresh
from ostiary.server_settings.references import users_of


def refused(document: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ApplyRefused) as caught:
        plan_apply(fresh(), document, seal=lambda secret: "sealed")
    return {problem.path: problem.message for problem in caught.value.problems}


def auth(**members: Any) -> dict[str, Any]:
    return {"authServerSettings": members}


def registering(**members: Any) -> dict[str, Any]:
    return {"clientSettings": {"dynamicClientRegistration": members}}


def manager(fields: dict[str, str] | None = None, kind: str = "jwt", **members: Any) -> dict[str, Any]:
    listed = [{"name": name, "value": value} for name, value in (fields or {}).items()]
    return {
        "accessTokenManagers": [
            {
                "id": "new",
                "name": "New",
                "pluginDescriptorRef": {"id": kind},
                "configuration": {"fields": listed, **members.pop("configuration", {})},
                "attributeContract": {"extendedAttributes": [{"name": "sub"}]},
                **members,
            }
        ]
    }


def source(type_: str, value: str = "", **more: str) -> dict[str, Any]:
    return {"source": {"type": type_, **more}, "value": value}


def mapping(**members: Any) -> dict[str, Any]:
    return {
        "accessTokenMappings": [
            {
                "context": {"type": "DEFAULT"},
                "accessTokenManagerRef": {"id": "jwt"},
                "attributeContractFulfillment": {"sub": source("NO_MAPPING")},
                **members,
            }
        ]
    }


CENTRAL = {"Use Centralized Signing Key": "true", "JWS Algorithm": "ES256"}
EXCHANGED = {"subject": source("SUBJECT_TOKEN", "sub")}
OVERRIDE = "OVERRIDE_SERVER_DEFAULT"


def exchange(*mappings: dict[str, Any]) -> dict[str, Any]:
    return {"processorPolicies": [{"id": "x", "name": "X", "processorMappings": list(mappings)}]}


def token(**members: Any) -> dict[str, Any]:
    return {
        "subjectTokenType": "t",
        "subjectTokenProcessor": {"id": "jwt"},
        "attributeContractFulfillment": EXCHANGED,
    } | members


def registration_policy(kind: str, tables: Any = None, **fields: str) -> dict[str, Any]:
    listed = [{"name": name.replace("_", " "), "value": value} for name, value in fields.items()]
    configuration = {"fields": listed, **({"tables": tables} if tables is not None else {})}
    policy = {"id": "p", "name": "P", "pluginDescriptorRef": {"id": kind}, "configuration": configuration}
    return {"clientRegistrationPolicies": [policy]}


def statement_issuers(**fields: str) -> list[dict[str, Any]]:
    row = {"fields": [{"name": name.replace("_", " "), "value": value} for name, value in fields.items()]}
    return [{"name": "Issuers", "rows": [row]}]


REGISTRATION_POLICIES = [
    registration_policy("allowed-hosts", Hosts="good.example, *bad.example"),
    registration_policy("allowed-hosts", Hosts="https://good.example"),
    registration_policy("allowed-hosts"),
    registration_policy("quota"),
    registration_policy("quota", Per_Source="-1"),
    registration_policy("software-statement"),
    registration_policy("software-statement", tables=[{"name": "Issuers", "rows": []}]),
    registration_policy("software-statement", tables=statement_issuers(Issuer="https://a.example")),
    registration_policy("software-statement", tables=statement_issuers(Issuer="https://a.example", JWKS="{}")),
    registration_policy(
        "software-statement", tables=statement_issuers(Issuer="a", JWKS='{"keys":[{"kty":"oct","k":"AA"}]}')
    ),
    registration_policy("software-statement", tables=statement_issuers(Issuer="a", JWKS_URL="http://a.example/")),
]
GOOD_REGISTRATION_POLICIES = [
    registration_policy("allowed-hosts", Hosts="good.example, *.apps.example [::1]".replace("[::1]", "::1")),
    registration_policy("quota", Per_Source="5", Window="60"),
    registration_policy("required-proofs"),
    registration_policy("software-statement", tables=statement_issuers(Issuer="a", JWKS_URL="https://a.example/")),
]


@pytest.mark.parametrize("document", REGISTRATION_POLICIES)
def test_a_registration_policy_that_could_not_work_is_refused(document: dict[str, Any]) -> None:
    assert all(path.startswith("clientRegistrationPolicies[0]") for path in refused(document))


@pytest.mark.parametrize("document", GOOD_REGISTRATION_POLICIES)
def test_a_registration_policy_is_kept(document: dict[str, Any]) -> None:
    assert plan_apply(fresh(), document, seal=lambda secret: "sealed").changes


SETTINGS = [
    (auth(scopes=[{"name": "a"}, {"name": "a"}]), "authServerSettings.scopes[1].name"),
    (auth(exclusiveScopes=[{"name": "email"}]), "authServerSettings.exclusiveScopes[0].name"),
    (auth(scopeGroups=[{"name": "email", "scopes": ["phone"]}]), "authServerSettings.scopeGroups[0].name"),
    (
        auth(clientIdMetadataDocuments={"allowedHosts": ["good.example", "https://bad.example"]}),
        "authServerSettings.clientIdMetadataDocuments.allowedHosts[1]",
    ),
    (
        auth(clientIdMetadataDocuments={"deniedHosts": ["a*.example"]}),
        "authServerSettings.clientIdMetadataDocuments.deniedHosts[0]",
    ),
    (auth(exclusiveScopes=[{"name": "openid"}]), "authServerSettings.exclusiveScopes[0].name"),
    (auth(scopes=[{"name": "two words"}]), "authServerSettings.scopes[0].name"),
    (auth(scopes=[{"name": "plain", "dynamic": True}]), "authServerSettings.scopes[0].name"),
    (auth(scopes=[{"name": "a*b*", "dynamic": True}]), "authServerSettings.scopes[0].name"),
    (auth(scopeGroups=[{"name": "g", "scopes": ["nobody"]}]), "authServerSettings.scopeGroups[0].scopes[0]"),
    (auth(scopeGroups=[{"name": "g", "scopes": ["email", "email"]}]), "authServerSettings.scopeGroups[0].scopes[1]"),
    (auth(scopeGroups=[{"name": "g", "scopes": []}]), "authServerSettings.scopeGroups[0].scopes"),
    (
        auth(exclusiveScopeGroups=[{"name": "g", "scopes": ["email"]}]),
        "authServerSettings.exclusiveScopeGroups[0].scopes[0]",
    ),
    (auth(offlineAccessRequireConsentPrompt=True), "authServerSettings.offlineAccessRequireConsentPrompt"),
    (auth(registeredAuthorizationPath="/as/token"), "authServerSettings.registeredAuthorizationPath"),
    (auth(registeredAuthorizationPath="device"), "authServerSettings.registeredAuthorizationPath"),
    (auth(scopeForOAuthGrantManagement="nobody"), "authServerSettings.scopeForOAuthGrantManagement"),
    (auth(adminWebServicePcvRef={"id": "nobody"}), "authServerSettings.adminWebServicePcvRef"),
    (auth(adminWebServicePcvRef={"id": "users"}), "authServerSettings.adminWebServicePcvRef"),
    (auth(atmIdForOAuthGrantManagement="nobody"), "authServerSettings.atmIdForOAuthGrantManagement"),
    (auth(consentLifetimeDays=0), "authServerSettings.consentLifetimeDays"),
    (auth(persistentGrantLifetime=0), "authServerSettings.persistentGrantLifetime"),
    (auth(persistentGrantLifetime=-2), "authServerSettings.persistentGrantLifetime"),
    (auth(refreshTokenRollingGracePeriod=86401), "authServerSettings.refreshTokenRollingGracePeriod"),
    (auth(refreshRollingInterval=8761), "authServerSettings.refreshRollingInterval"),
    (auth(clientSecretRetentionPeriod=43801), "authServerSettings.clientSecretRetentionPeriod"),
    (auth(persistentGrantReuseGrantTypes=["REFRESH_TOKEN"]), "authServerSettings.persistentGrantReuseGrantTypes"),
    (auth(allowedOrigins=["https://a.example/"]), "authServerSettings.allowedOrigins"),
    (
        auth(userAuthorizationConsentPageSetting="ADAPTER", approvedScopesAttribute="s"),
        "authServerSettings.userAuthorizationConsentAdapter",
    ),
    (auth(compatibility={"securityProfile": "SERVER_DEFAULT"}), "authServerSettings.compatibility.securityProfile"),
    ({"sessionSettings": {"maxTimeoutMins": 0}}, "sessionSettings.maxTimeoutMins"),
    ({"extendedProperties": [{"name": "a"}, {"name": "a"}]}, "extendedProperties[1].name"),
    ({"extendedProperties": [{"name": "redirect_uris"}]}, "extendedProperties[0].name"),
    ({"extendedProperties": [{"description": "x"}]}, "extendedProperties[0].name"),
    ({"clientSettings": {"clientMetadata": [{"multiValued": "x"}]}}, "clientSettings.clientMetadata[0].name"),
    ({"oauthOpenIdConnectKeys": {"staticJwksEnabled": True}}, "oauthOpenIdConnectKeys.staticJwksEnabled"),
    ({"openIdConnectSettings": {"defaultPolicyRef": {"id": "nobody"}}}, "openIdConnectSettings.defaultPolicyRef"),
]
REGISTRATION = [
    ({"restrictedCommonScopes": ["nobody"]}, "restrictedCommonScopes[0]"),
    ({"allowedExclusiveScopes": ["email"]}, "allowedExclusiveScopes[0]"),
    ({"initialAccessTokenScope": "nobody"}, "initialAccessTokenScope"),
    ({"persistentGrantExpirationType": OVERRIDE}, "persistentGrantExpirationTime"),
    ({"persistentGrantIdleTimeoutType": OVERRIDE, "persistentGrantIdleTimeout": 0}, "persistentGrantIdleTimeout"),
    ({"refreshTokenRollingIntervalType": OVERRIDE}, "refreshTokenRollingInterval"),
    ({"refreshTokenRollingGracePeriodType": OVERRIDE}, "refreshTokenRollingGracePeriod"),
    ({"retainClientSecret": True, "clientSecretRetentionPeriodType": OVERRIDE}, "clientSecretRetentionPeriodOverride"),
    (
        {"clientSecretRetentionPeriodType": OVERRIDE, "clientSecretRetentionPeriodOverride": 5},
        "clientSecretRetentionPeriodType",
    ),
    ({"lockoutMaxMaliciousActionsType": OVERRIDE}, "lockoutMaxMaliciousActions"),
    ({"oidcPolicy": {"idTokenEncryptionAlgorithm": "DIR"}}, "oidcPolicy.idTokenContentEncryptionAlgorithm"),
    ({"oidcPolicy": {"idTokenContentEncryptionAlgorithm": "AES_128_GCM"}}, "oidcPolicy.idTokenEncryptionAlgorithm"),
    ({"oidcPolicy": {"policyGroup": {"id": "nobody"}}}, "oidcPolicy.policyGroup"),
    ({"clientCertIssuerType": "CERTIFICATE"}, "clientCertIssuerRef"),
    ({"policyRefs": [{"id": "nobody"}]}, "policyRefs[0]"),
    ({"defaultAccessTokenManagerRef": {"id": "nobody"}}, "defaultAccessTokenManagerRef"),
    ({"requestPolicyRef": {"id": "nobody"}}, "requestPolicyRef"),
    ({"tokenExchangeProcessorPolicyRef": {"id": "nobody"}}, "tokenExchangeProcessorPolicyRef"),
    ({"cibaPollingInterval": 0}, "cibaPollingInterval"),
]
OBJECTS = [
    (manager(CENTRAL, attributeContract={}), "accessTokenManagers[0].attributeContract.extendedAttributes"),
    (
        manager(CENTRAL, attributeContract={"extendedAttributes": [{"name": "a"}], "defaultSubjectAttribute": "b"}),
        "accessTokenManagers[0].attributeContract.defaultSubjectAttribute",
    ),
    (
        manager(CENTRAL, selectionSettings={"resourceUris": ["x#y"]}),
        "accessTokenManagers[0].selectionSettings.resourceUris[0]",
    ),
    (manager({"Maximum Token Lifetime": "5"}, kind="reference"), "accessTokenManagers[0].configuration"),
    (manager(), "accessTokenManagers[0].configuration"),
    (manager({"JWS Algorithm": "HS256"}), "accessTokenManagers[0].configuration"),
    (manager({"JWS Algorithm": "ES256"}), "accessTokenManagers[0].configuration"),
    (manager({"JWS Algorithm": "NONE"}), "accessTokenManagers[0].configuration"),
    (
        manager(CENTRAL | {"Enable Token Revocation": "true", "JWT ID Claim Length": "21"}),
        "accessTokenManagers[0].configuration",
    ),
    (
        manager(CENTRAL | {"Enable Token Revocation": "true", "Client ID Claim Name": ""}),
        "accessTokenManagers[0].configuration",
    ),
    (manager(CENTRAL | {"JWE Algorithm": "DIR"}), "accessTokenManagers[0].configuration"),
    (
        manager(CENTRAL | {"JWE Algorithm": "RSA_OAEP", "JWE Content Encryption Algorithm": "AES_128_GCM"}),
        "accessTokenManagers[0].configuration",
    ),
    (manager(CENTRAL | {"JWKS Endpoint Path": "keys"}), "accessTokenManagers[0].configuration"),
    (mapping(context={"type": "PCV"}), "accessTokenMappings[0].context.contextRef"),
    (mapping(context={"type": "PCV", "contextRef": {"id": "nobody"}}), "accessTokenMappings[0].context.contextRef"),
    (mapping(context={"type": "IDP_ADAPTER", "contextRef": {"id": "x"}}), "accessTokenMappings[0].context.type"),
    (
        mapping(attributeContractFulfillment={}),
        "accessTokenMappings[0].attributeContractFulfillment.sub",
    ),
    (
        mapping(attributeContractFulfillment={"sub": source("EXPRESSION", "1")}),
        "accessTokenMappings[0].attributeContractFulfillment.sub.source.type",
    ),
    (
        mapping(attributeContractFulfillment={"sub": source("TOKEN", "sub")}),
        "accessTokenMappings[0].attributeContractFulfillment.sub.source.type",
    ),
    (
        mapping(attributeContractFulfillment={"sub": source("LDAP_DATA_STORE")}),
        "accessTokenMappings[0].attributeContractFulfillment.sub.source.type",
    ),
    (
        mapping(issuanceCriteria={"conditionalCriteria": [{"condition": "EQUALS"}]}),
        "accessTokenMappings[0].issuanceCriteria",
    ),
    (mapping(attributeSources=[{"type": "LDAP"}]), "accessTokenMappings[0].attributeSources"),
    (
        {"openIdConnectPolicies": [{"id": "default", "accessTokenManagerRef": {"id": "nobody"}}]},
        "openIdConnectPolicies[0].accessTokenManagerRef",
    ),
    (
        {"openIdConnectPolicies": [{"id": "default", "scopeAttributeMappings": {"email": {"values": ["nobody"]}}}]},
        "openIdConnectPolicies[0].scopeAttributeMappings.email",
    ),
    (
        exchange(token(subjectTokenProcessor={"id": "nobody"})),
        "processorPolicies[0].processorMappings[0].subjectTokenProcessor",
    ),
    (exchange(token(actorTokenType="t")), "processorPolicies[0].processorMappings[0].actorTokenType"),
    (exchange(token(), token()), "processorPolicies[0].processorMappings[1]"),
    (
        exchange(token(attributeContractFulfillment={})),
        "processorPolicies[0].processorMappings[0].attributeContractFulfillment.subject",
    ),
    (
        {"passwordCredentialValidators": [{"id": "admin", "name": "x", "pluginDescriptorRef": {"id": "simple"}}]},
        "passwordCredentialValidators[0].id",
    ),
    (
        {"passwordCredentialValidators": [{"id": "x", "name": "x", "pluginDescriptorRef": {"id": "ldap"}}]},
        "passwordCredentialValidators[0].pluginDescriptorRef",
    ),
    (
        {"requestPolicies": [{"id": "x", "name": "x", "authenticatorRef": {"id": "nobody"}}]},
        "requestPolicies[0].authenticatorRef",
    ),
    (
        {"authorizationDetailTypes": [{"id": "x", "type": "x", "authorizationDetailProcessorRef": {"id": "y"}}]},
        "authorizationDetailTypes[0].authorizationDetailProcessorRef",
    ),
    ({"issuers": [{"id": "x", "name": "x", "host": "Not A Host"}]}, "issuers[0].host"),
    ({"issuers": [{"id": "x", "name": "x", "host": "a.example", "path": "b"}]}, "issuers[0].path"),
    (
        {"issuers": [{"id": "x", "name": "x", "host": "a.example"}, {"id": "y", "name": "y", "host": "a.example"}]},
        "issuers[1].path",
    ),
    ({"trustedIssuers": [{"id": "x", "issuer": "y"}]}, "trustedIssuers[0].jwksUrl"),
    ({"trustedIssuers": [{"id": "x", "issuer": "y", "certificates": ["z"]}]}, "trustedIssuers[0].certificates[0]"),
    ({"certificateAuthorities": [{"id": "x", "fileData": "z"}]}, "certificateAuthorities[0].fileData"),
]


@pytest.mark.parametrize(("document", "path"), SETTINGS, ids=lambda part: part if isinstance(part, str) else "")
def test_settings_that_do_not_fit_together_are_refused(document: dict[str, Any], path: str) -> None:
    assert path in refused(document)


@pytest.mark.parametrize(("members", "path"), REGISTRATION, ids=lambda part: part if isinstance(part, str) else "")
def test_registration_settings_that_do_not_fit_together_are_refused(members: dict[str, Any], path: str) -> None:
    assert f"clientSettings.dynamicClientRegistration.{path}" in refused(registering(**members))


@pytest.mark.parametrize(("document", "path"), OBJECTS, ids=lambda part: part if isinstance(part, str) else "")
def test_objects_that_do_not_fit_together_are_refused(document: dict[str, Any], path: str) -> None:
    assert path in refused(document)


def test_accounts_are_not_kept_in_the_configuration_of_a_validator() -> None:
    row = {"fields": [{"name": "Username", "value": "joe"}, {"name": "Password", "value": "2Federate"}]}
    tables = [{"name": "Users", "rows": [row]}]
    problems = refused({"passwordCredentialValidators": [{"id": "users", "configuration": {"tables": tables}}]})
    (message,) = problems.values()
    assert "ostiary users add" in message
    assert "2Federate" not in str(problems)


def test_a_key_id_names_one_key_over_all_managers() -> None:
    fields = [{"name": "JWS Algorithm", "value": "HS256"}, {"name": "Active Symmetric Key ID", "value": "k"}]
    key = {"fields": [{"name": "Key ID", "value": "k"}, {"name": "Key", "value": "secret"}]}
    one = {
        "name": "n",
        "pluginDescriptorRef": {"id": "jwt"},
        "attributeContract": {"extendedAttributes": [{"name": "sub"}]},
        "configuration": {"fields": fields, "tables": [{"name": "Symmetric Keys", "rows": [key]}]},
    }
    problems = refused({"accessTokenManagers": [{"id": "a", **one}, {"id": "b", **one}]})
    assert list(problems) == ["accessTokenManagers[1].configuration.tables"]


def test_values_beside_a_type_that_does_not_override_are_kept_without_effect() -> None:
    members = {"persistentGrantExpirationType": "SERVER_DEFAULT", "persistentGrantExpirationTime": 7}
    plan = plan_apply(fresh(), registering(**members))
    assert set(plan.changed) == {"registration.on", "registration.max_lifetime"}


def test_the_scopes_may_be_replaced_though_the_default_policy_names_the_old_ones() -> None:
    plan = plan_apply(fresh(), auth(scopes=[{"name": "read"}]))
    assert plan.changed == ("scopes.common",)


def test_an_object_knows_its_users() -> None:
    settings, objects = build(fresh())
    assert users_of(settings, objects, "validators", "services") == ("authServerSettings.adminWebServicePcvRef",)
    assert "openIdConnectPolicies[default].accessTokenManagerRef" in users_of(
        settings, objects, "managers", "reference"
    )
    assert users_of(settings, objects, "validators", "users") == ()
