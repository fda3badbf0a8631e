//! The OpenAPI 3.1 document of the JSON API, out of the descriptions of the nouns.

use serde_json::{Map, Value, json};

use super::field::{Field, Sent, object};
use super::noun::{Action, Noun, Source, Who};
use super::nouns;
use super::{dashboard, imports};

/// What the API is about.
const ABOUT: &str = "Administration of a mod_pbx. Sign in with a cookie and X-CSRF-Token as the pages do, or with \
    an API key. A thing's row_rev is its ETag; PATCH and DELETE name it in If-Match. PATCH changes only what is sent.";

/// The document. `prefix` is where the API is.
pub fn document(prefix: &str) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    schemas.insert("Problem".to_owned(), problem());
    for noun in nouns::ALL {
        let name = title(noun.one);
        schemas.insert(name.clone(), shown(noun));
        let path = format!("{prefix}/{}", noun.path);
        let mut many = json!({"get": list(noun, &name)});
        if noun.can().create {
            many["post"] = create(noun, &name);
            schemas.insert(
                format!("New{name}"),
                sent(noun, true, |field| field.create != Sent::No),
            );
        }
        paths.insert(path.clone(), many);
        let mut one = json!({"parameters": [id(noun)], "get": get(noun, &name)});
        if noun.can().edit {
            one["patch"] = edit(noun, &name);
            schemas.insert(format!("Edit{name}"), sent(noun, false, |field| field.edit));
        }
        if noun.can().delete {
            one["delete"] = delete(noun);
        }
        paths.insert(format!("{path}/{{id}}"), one);
        for action in noun.actions {
            let operation = json!({"parameters": [id(noun)], "post": act(noun, action)});
            paths.insert(format!("{path}/{{id}}/{}", action.name), operation);
        }
    }
    let answer = object(dashboard::FIELDS, |_| Some(true));
    let operation = json!({
        "operationId": "dashboard",
        "tags": ["dashboard"],
        "summary": "How the PBX is doing.",
        "responses": responses(json!({"200": json_of(answer, "How it is doing.")}), &[]),
    });
    paths.insert(format!("{prefix}/dashboard"), json!({"get": operation}));
    paths.extend(imports::paths(prefix));
    paths.extend(super::thought::paths(prefix));
    schemas.insert("Step".to_owned(), super::thought::step());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "mod_pbx",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MPL-2.0", "identifier": "MPL-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key, pbx_…"},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-pbx"},
            },
        },
    })
}

/// `sign-in` as a schema is called: `SignIn`.
pub(super) fn title(words: &str) -> String {
    let words = words.split(['-', '_', ' ']).map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| {
            format!("{}{}", first.to_uppercase(), letters.as_str())
        })
    });
    words.collect()
}

pub(super) fn who(who: Who) -> &'static str {
    match who {
        Who::Administrators => "For administrators of the whole PBX.",
        Who::DomainAdministrators => "For administrators, and those of a domain for what is in it.",
    }
}

/// A thing as it is answered.
fn shown(noun: &Noun) -> Value {
    let mut schema = object(noun.fields, |field| field.shown.then_some(true));
    schema["description"] = json!(noun.about);
    if !noun.once.is_empty() {
        let mut once = object(noun.once, |_| Some(false));
        once["description"] = json!("What was made up, in the answer to the request that made it alone.");
        schema["properties"]["shown_once"] = once;
    }
    schema
}

/// What may be sent; `all`: with what must be.
fn sent(noun: &Noun, all: bool, may: impl Fn(&Field) -> bool) -> Value {
    object(noun.fields, |field| {
        may(field).then(|| all && field.create == Sent::Must)
    })
}

pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

pub(super) fn json_of(schema: Value, about: &str) -> Value {
    json!({"description": about, "content": {"application/json": {"schema": schema}}})
}

fn id(noun: &Noun) -> Value {
    json!({"name": "id", "in": "path", "required": true, "schema": {"type": "string"}, "description": format!("Of the {}.", noun.one)})
}

fn key() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": 128},
        "description": "Names the request: the same again is answered by what it made the first time.",
    })
}

fn force() -> Value {
    json!({
        "name": "force", "in": "query", "schema": {"type": "boolean", "default": false},
        "description": "Whether it is made though it breaks a route test (409, breaks-tests).",
    })
}

fn base() -> Value {
    json!({
        "name": "If-Match", "in": "header", "required": true, "schema": {"type": "string"},
        "description": "The ETag of what the change is based on.",
    })
}

fn list(noun: &Noun, name: &str) -> Value {
    let mut parameters = vec![
        json!({"name": "q", "in": "query", "schema": {"type": "string", "maxLength": 100}, "description": "Part of a name or number."}),
        json!({"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1_000_000, "default": 1}}),
        json!({"name": "size", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 25}}),
    ];
    if !noun.sort.is_empty() {
        let names = noun
            .sort
            .iter()
            .flat_map(|sort| [sort.name.to_owned(), format!("-{}", sort.name)]);
        parameters.push(json!({"name": "sort", "in": "query", "schema": {"type": "string", "enum": names.collect::<Vec<_>>()}}));
    }
    parameters.extend(filters(noun));
    let mut page = json!({
        "type": "object",
        "required": ["total", "page", "size", "rows"],
        "additionalProperties": false,
        "properties": {
            "total": {"type": "integer", "minimum": 0, "description": "How many there are on all pages."},
            "page": {"type": "integer", "minimum": 1},
            "size": {"type": "integer", "minimum": 1},
            "rows": {"type": "array", "items": reference(name), "maxItems": 1000},
        },
    });
    if noun.goes_on() {
        page["required"] = json!(["total", "page", "size", "rows", "next"]);
        page["properties"]["next"] = json!({
            "type": ["string", "null"],
            "description": "Where the list goes on (before=…) that is too long to be looked through at once.",
        });
    }
    json!({
        "operationId": format!("list-{}", noun.path),
        "tags": [noun.path],
        "summary": noun.about,
        "description": who(noun.read),
        "parameters": parameters,
        "responses": responses(json!({"200": json_of(page, "The page that was asked for.")}), &["400"]),
    })
}

/// What lists can be asked for besides.
pub(super) fn filters(noun: &Noun) -> impl Iterator<Item = Value> {
    let fields = noun.fields.iter().filter(|field| field.filter);
    fields.map(|field| {
        json!({"name": field.name, "in": "query", "schema": field.kind.schema(), "description": field.about})
    })
}

/// An answer that is a thing.
fn thing(name: &str, about: &str) -> Value {
    let mut answer = json_of(reference(name), about);
    answer["headers"] =
        json!({"ETag": {"schema": {"type": "string"}, "description": "Its row_rev, if it has one."}});
    answer
}

fn get(noun: &Noun, name: &str) -> Value {
    json!({
        "operationId": format!("get-{}", noun.one),
        "tags": [noun.path],
        "summary": format!("One {}.", noun.one),
        "description": who(noun.read),
        "responses": responses(json!({"200": thing(name, "It.")}), &["404"]),
    })
}

fn create(noun: &Noun, name: &str) -> Value {
    let made = json!({
        "201": thing(name, "It was made."),
        "200": thing(name, "The same request made it before."),
    });
    json!({
        "operationId": format!("create-{}", noun.one),
        "tags": [noun.path],
        "summary": format!("Makes a {}.", noun.one),
        "description": who(noun.write),
        "parameters": [key(), force()],
        "requestBody": {"required": true, "content": {"application/json": {"schema": reference(&format!("New{name}"))}}},
        "responses": responses(made, &["400", "409", "413", "415", "422"]),
    })
}

fn edit(noun: &Noun, name: &str) -> Value {
    json!({
        "operationId": format!("edit-{}", noun.one),
        "tags": [noun.path],
        "summary": format!("Changes of a {} what is sent.", noun.one),
        "description": who(noun.write),
        "parameters": [base(), key(), force()],
        "requestBody": {"required": true, "content": {"application/json": {"schema": reference(&format!("Edit{name}"))}}},
        "responses": responses(json!({"200": thing(name, "It as it is now.")}),
            &["400", "404", "409", "412", "413", "415", "422", "428"]),
    })
}

fn delete(noun: &Noun) -> Value {
    let gone = json!({
        "type": "object", "required": ["revision"], "additionalProperties": false,
        "properties": {"revision": {"type": ["integer", "null"], "description": "The revision that was made, if one was."}},
    });
    let mut parameters = vec![key()];
    let mut errors = vec!["400", "404", "409", "422"];
    if noun.has_revisions() {
        parameters.push(base());
        errors.extend(["412", "428"]);
    }
    if matches!(noun.source, Source::Table(_)) {
        parameters.push(force());
        parameters.push(
            json!({"name": "with_everything", "in": "query", "schema": {"type": "boolean", "default": false},
            "description": "Whether what belongs to it goes with it."}),
        );
    }
    json!({
        "operationId": format!("delete-{}", noun.one),
        "tags": [noun.path],
        "summary": format!("Deletes a {}.", noun.one),
        "description": who(noun.write),
        "parameters": parameters,
        "responses": responses(json!({"200": json_of(gone, "It is gone.")}), &errors),
    })
}

fn act(noun: &Noun, action: &Action) -> Value {
    let answer = object(action.answer, |field| Some(field.create == Sent::Must));
    let mut operation = json!({
        "operationId": format!("{}-{}", action.name, noun.one),
        "tags": [noun.path],
        "summary": action.about,
        "description": who(noun.write),
        "parameters": [key(), force()],
        "responses": responses(json!({"200": json_of(answer, action.about)}), &["400", "404", "409", "412", "413", "415", "422"]),
    });
    if !action.takes.is_empty() {
        let body = object(action.takes, |field| Some(field.create == Sent::Must));
        operation["requestBody"] =
            json!({"required": true, "content": {"application/json": {"schema": body}}});
    }
    operation
}

/// Good answers with the bad ones, among them those that every request may get.
pub(super) fn responses(good: Value, bad: &[&str]) -> Value {
    let mut all = good;
    for status in ["401", "403", "429", "503"].iter().chain(bad) {
        all[*status] = json!({
            "description": meaning(status),
            "content": {"application/problem+json": {"schema": reference("Problem")}},
        });
    }
    all
}

fn meaning(status: &str) -> &'static str {
    match status {
        "400" => "The question, or the body's form, is wrong.",
        "401" => "Nobody is signed in, or the key opens nothing.",
        "403" => "This person, or key, may not.",
        "404" => "There is no such thing, or none for this person.",
        "409" => "Something else is in the way.",
        "412" => "It has changed since; current is how it is now.",
        "413" => "The body is too large.",
        "415" => "The body is no JSON.",
        "422" => "What was sent cannot be; errors name the fields.",
        "428" => "If-Match is missing.",
        "429" => "Too many wrong keys came from this address, or this was asked too often.",
        _ => "The database cannot be used now.",
    }
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "An error as RFC 9457 has it.",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string", "description": "urn:pbx: and what programs tell it by."},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "A sentence for people: what is wrong and what to do."},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["field", "detail"],
                    "properties": {
                        "field": {"type": ["string", "null"], "description": "null: the whole."},
                        "detail": {"type": "string"},
                    },
                },
            },
            "tests": {
                "type": "array", "items": {"type": "string"},
                "description": "409, breaks-tests: the route tests that would fail, each with what would happen instead.",
            },
            "current": {"type": ["object", "null"], "description": "412: the thing as it is now; null: it is gone."},
        },
    })
}
