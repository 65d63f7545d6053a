#!/usr/bin/env python3
"""openapi.py - holds an OpenAPI 3.1 file against the program that it describes. Prints TAP.

    openapi.py lint FILE
    openapi.py try FILE --url URL --seen SEEN [--bearer FILE] [--ca PEM --cert PEM --key PEM]
    openapi.py outcome FILE --url URL --seen SEEN --status N METHOD PATH
    openapi.py covered FILE --seen SEEN [STATUS...]
    openapi.py words TOP

`lint` reads the file alone: its shape, references, schemas and examples. `try` sends every
request example and what an outsider may do to any operation; each answer's status, headers,
content type and body must stand in the file. An example says what it is answered with:

    x-status   the status; 2xx when absent
    x-code     the code of the problem, or of its first error
    x-fill     members (or the whole value) that only this run knows, by the names of --fill
    x-base64   the value is bytes, in base64
    x-raw      the value is the body as it stands, though its type is JSON

An operation with `x-too-long` takes a longer body than most, and refuses one of so many bytes.

`outcome` wants one status of one operation's first example, for states that the caller set up.
`covered` names each documented status that nobody met; those listed are met in other tests.
`words` compares the closed lists of codes in the sources with the documents.

SEEN is a file that collects what was met, over several calls.
"""
import argparse
import base64
import datetime
import http.client
import json
import os
import re
import ssl
import sys
import urllib.parse

import jsonschema
import yaml

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
# What HTTP itself adds to any answer.
TRANSPORT = {"date", "content-length", "connection", "transfer-encoding", "content-type"}
TOO_LONG = 8 * 1024 * 1024
failed = False


def result(good, sentence, why=""):
    global failed
    print(("ok - " if good else "not ok - ") + sentence)
    if not good:
        failed = True
        for line in str(why).splitlines()[:12]:
            print("#   " + line[:400])


# ---- the file -----------------------------------------------------------------------------


class Api:
    """The file, with references followed where one asks for a part of it."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.doc = yaml.load(f, Loader=UniqueKeys)
        self.formats = jsonschema.FormatChecker(formats=())
        self.formats.checks("date-time")(is_date_time)

    def at(self, ref):
        if not ref.startswith("#/"):
            raise KeyError(ref)
        node = self.doc
        for part in ref[2:].split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
        return node

    def follow(self, node):
        while isinstance(node, dict) and "$ref" in node:
            node = self.at(node["$ref"])
        return node

    def operations(self):
        for path, item in self.doc["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method, path, item[method]

    def errors(self, schema, value):
        resolver = jsonschema.RefResolver("", self.doc)
        judge = jsonschema.Draft202012Validator(schema, resolver=resolver,
                                                format_checker=self.formats)
        return ["/%s: %s" % ("/".join(map(str, e.absolute_path)), e.message)
                for e in judge.iter_errors(value)]

    def security(self, op):
        """The schemes that let a request in: (name, scheme, roles); empty: anybody."""
        wanted = op.get("security", self.doc.get("security", []))
        schemes = self.doc["components"]["securitySchemes"]
        return [(n, schemes[n], roles) for one in wanted for n, roles in one.items()]


class UniqueKeys(yaml.SafeLoader):
    """A key that stands twice is a mistake that YAML readers hide."""


def unique_mapping(loader, node, deep=False):
    keys = [loader.construct_object(k, deep) for k, _ in node.value]
    twice = {str(k) for k in keys if keys.count(k) > 1}
    if twice:
        raise yaml.YAMLError("twice: %s, line %d" % (twice, node.start_mark.line + 1))
    return loader.construct_mapping(node, deep)


UniqueKeys.add_constructor("tag:yaml.org,2002:map", unique_mapping)


def is_date_time(text):
    if not isinstance(text, str):
        return True
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text):
        return False
    try:
        datetime.datetime.fromisoformat(re.sub(r"\.\d+", "", text).replace("Z", "+00:00"))
    except ValueError:
        return False
    return True


# ---- lint ---------------------------------------------------------------------------------

# Members of each kind of object in OpenAPI 3.1.0; x-... may stand anywhere.
KNOWN = {
    "root": "openapi info jsonSchemaDialect servers paths webhooks components security tags "
            "externalDocs",
    "info": "title summary description termsOfService contact license version",
    "path": "summary description servers parameters " + " ".join(METHODS),
    "operation": "tags summary description externalDocs operationId parameters requestBody "
                 "responses callbacks deprecated security servers",
    "parameter": "name in description required deprecated schema content style explode "
                 "example examples",
    "body": "description content required",
    "media": "schema example examples encoding",
    "response": "description headers content links",
    "header": "description required deprecated schema content example examples",
    "example": "summary description value externalValue",
    "components": "schemas responses parameters examples requestBodies headers "
                  "securitySchemes links callbacks pathItems",
}


class Lint:
    def __init__(self, api):
        self.api, self.wrong, self.used = api, [], set()

    def say(self, where, what):
        self.wrong.append("%s: %s" % (where, what))

    def members(self, kind, node, where, required=()):
        known = KNOWN[kind].split()
        for key in node:
            if key not in known and not str(key).startswith("x-"):
                self.say(where, "no member %s in OpenAPI" % key)
        for key in required:
            if key not in node:
                self.say(where, "%s is missing" % key)

    def references(self, node, where):
        todo = [(node, where)]
        while todo:
            node, where = todo.pop()
            if isinstance(node, list):
                todo += [(v, "%s/%d" % (where, i)) for i, v in enumerate(node)]
            elif isinstance(node, dict):
                ref = node.get("$ref")
                if isinstance(ref, str):
                    self.used.add(ref)
                    try:
                        self.api.at(ref)
                    except (KeyError, TypeError):
                        self.say(where, "nothing at %s" % ref)
                todo += [(v, "%s/%s" % (where, k)) for k, v in node.items()]

    def schema(self, schema, where):
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as e:
            self.say(where, e.message)

    def content(self, content, where):
        for media_type, media in content.items():
            here = "%s %s" % (where, media_type)
            self.members("media", media, here, ["schema"])
            self.schema(media.get("schema", True), here)
            for name, example in media.get("examples", {}).items():
                self.members("example", example, here, ["value"])
                good = str(example.get("x-status", 200)).startswith("2")
                if good and "x-raw" not in example and "x-base64" not in example:
                    for e in self.api.errors(media.get("schema", True), example["value"]):
                        self.say("%s, example %s" % (here, name), e)

    def response(self, response, where):
        response = self.api.follow(response)
        self.members("response", response, where, ["description"])
        for name, header in response.get("headers", {}).items():
            header = self.api.follow(header)
            self.members("header", header, "%s header %s" % (where, name), ["schema"])
            self.schema(header.get("schema", True), where)
        self.content(response.get("content", {}), where)

    def operation(self, method, path, op, ids):
        where = "%s %s" % (method.upper(), path)
        self.members("operation", op, where, ["operationId", "summary", "responses"])
        if op.get("operationId") in ids:
            self.say(where, "its operationId stands twice")
        ids.add(op.get("operationId"))
        in_path = set()
        for parameter in op.get("parameters", []):
            parameter = self.api.follow(parameter)
            self.members("parameter", parameter, where, ["name", "in", "schema"])
            if parameter["in"] == "path":
                in_path.add(parameter["name"])
                if parameter.get("required") is not True:
                    self.say(where, "a path parameter is required")
            for name, example in parameter.get("examples", {}).items():
                if str(example.get("x-status", 200)).startswith("2"):
                    for e in self.api.errors(parameter["schema"], example["value"]):
                        self.say("%s, example %s" % (where, name), e)
        if in_path != set(re.findall(r"{([^}]*)}", path)):
            self.say(where, "parameters and path differ")
        if "requestBody" in op:
            self.members("body", op["requestBody"], where, ["content"])
            self.content(op["requestBody"]["content"], where)
            statuses = [str(e.get("x-status", 200))[0]
                        for m in op["requestBody"]["content"].values()
                        for e in m.get("examples", {}).values()]
            statuses += [status[0] for status in op.get("x-elsewhere", [])]
            if "2" not in statuses or "4" not in statuses:
                self.say(where, "needs an example that is taken and one that is refused")
        for status, response in op.get("responses", {}).items():
            if not re.fullmatch(r"[1-5](\d\d|XX)|default", str(status)):
                self.say(where, "status %s" % status)
            self.response(response, "%s %s" % (where, status))
        for name in op.get("tags", []):
            if name not in [t["name"] for t in self.api.doc.get("tags", [])]:
                self.say(where, "tag %s is not declared" % name)

    def run(self):
        doc = self.api.doc
        self.members("root", doc, "the file", ["openapi", "info", "paths"])
        self.members("info", doc["info"], "info", ["title", "version"])
        if not re.fullmatch(r"3\.1\.\d+", str(doc["openapi"])):
            self.say("openapi", "not 3.1")
        if not isinstance(doc["info"]["version"], str):
            self.say("info", "version is a string")
        self.references(doc, "#")
        components = doc.get("components", {})
        self.members("components", components, "components")
        for name, schema in components.get("schemas", {}).items():
            self.schema(schema, "schema " + name)
        for name, response in components.get("responses", {}).items():
            self.response(response, "response " + name)
        for kind in ("schemas", "responses", "headers", "parameters"):
            for name in components.get(kind, {}):
                unused = "#/components/%s/%s" % (kind, name) not in self.used
                if unused and name not in ("NoPath", "NoMethod"):
                    self.say("components/" + kind, "nobody refers to %s" % name)
        ids = set()
        for path, item in doc["paths"].items():
            self.members("path", item, path)
            if not path.startswith("/"):
                self.say(path, "begins without a slash")
        for method, path, op in self.api.operations():
            self.operation(method, path, op, ids)
            for one in op.get("security", doc.get("security", [])):
                for name in one:
                    if name not in components.get("securitySchemes", {}):
                        self.say(path, "no security scheme %s" % name)
        return self.wrong


# ---- the program --------------------------------------------------------------------------


class Answer:
    def __init__(self, response, body):
        self.status, self.body = response.status, body
        self.headers = {}
        for name, value in response.getheaders():
            self.headers[name.lower()] = value
        self.type = self.headers.get("content-type", "").split(";")[0].strip().lower()


class Client:
    """Who asks: a bearer, a device with its certificate, or nobody."""

    def __init__(self, args):
        self.url = urllib.parse.urlsplit(args.url)
        self.ca, self.cert, self.key = args.ca, args.cert, args.key
        self.token = open(args.bearer).read().strip() if args.bearer else None
        self.fill = {}
        for one in args.fill:
            name, value = one.split("=", 1)
            self.fill[name] = open(value[1:]).read() if value.startswith("@") else value

    def connect(self, device):
        if self.url.scheme == "http":
            return http.client.HTTPConnection(self.url.netloc, timeout=30)
        tls = ssl.create_default_context(cafile=self.ca)
        if device:
            tls.load_cert_chain(self.cert, self.key)
        return http.client.HTTPSConnection(self.url.netloc, timeout=30, context=tls)

    def ask(self, method, target, headers, body=None, device=False, announce=None):
        """`announce`: the length that is told while no byte of a body is sent."""
        c = self.connect(device)
        try:
            c.putrequest(method, target, skip_host="Host" in headers)
            for name, value in headers.items():
                c.putheader(name, value)
            if announce or body is not None:
                c.putheader("Content-Length", str(announce or len(body)))
            c.endheaders(body if not announce else None)
            if announce:
                self.pour(c, announce)
            response = c.getresponse()
            return Answer(response, response.read())
        finally:
            c.close()

    @staticmethod
    def pour(c, length):
        block = b" " * 65536
        try:
            for _ in range(length // len(block)):
                c.send(block)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass  # it has answered already

    def who(self, api, op):
        """Headers and whether to show the certificate, as the operation wants it."""
        for _, scheme, _ in api.security(op):
            if scheme["type"] == "mutualTLS":
                return {}, True
            return {"Authorization": "Bearer " + self.token}, False
        return {}, False


# ---- one answer against the file ----------------------------------------------------------


def response_for(api, op, status):
    responses = op["responses"]
    for key in (str(status), "%dXX" % (status // 100)):
        if key in responses:
            return api.follow(responses[key])
    return None


def wrong_headers(api, response, answer):
    wrong = []
    documented = dict(api.doc.get("x-every-answer", {}))
    documented.update(response.get("headers", {}))
    lower = {name.lower(): api.follow(h) for name, h in documented.items()}
    for name, value in answer.headers.items():
        if name in TRANSPORT:
            continue
        if name not in lower:
            wrong.append("header %s is not documented" % name)
            continue
        schema = api.follow(lower[name]["schema"])
        typed = int(value) if schema.get("type") == "integer" and value.isdigit() else value
        wrong += ["header %s%s" % (name, e) for e in api.errors(schema, typed)]
    for name, header in lower.items():
        if header.get("required") and name not in answer.headers:
            wrong.append("header %s is missing" % name)
    return wrong


def wrong_body(api, response, answer):
    content = response.get("content", {})
    if not content:
        return ["a body where none is documented"] if answer.body else []
    if answer.type not in content:
        return ["content type %r is not documented" % answer.type]
    if answer.type == "application/octet-stream":
        return []
    text = answer.body.decode("utf-8")
    if answer.type == "application/x-ndjson":
        for line in text.splitlines():
            json.loads(line)
    value = json.loads(text) if answer.type.endswith("json") and "ndjson" not in answer.type \
        else text
    wrong = api.errors(content[answer.type]["schema"], value)
    if answer.type == "application/problem+json" and value["status"] != answer.status:
        wrong.append("the problem says %s" % value["status"])
    return wrong


def wrong_answer(api, op, answer):
    response = response_for(api, op, answer.status)
    if not response:
        return ["status %d is not documented: %s" % (answer.status, answer.body[:200])]
    return wrong_headers(api, response, answer) + wrong_body(api, response, answer)


def code_of(answer):
    if answer.type != "application/problem+json":
        return None
    problem = json.loads(answer.body)
    errors = problem.get("errors")
    return errors[0]["code"] if errors else problem["type"].rsplit(":", 1)[1]


# ---- trying -------------------------------------------------------------------------------


class Trial:
    def __init__(self, api, client, seen):
        self.api, self.client, self.seen = api, client, seen

    def meet(self, method, path, op, sentence, answer, status=None, code=None):
        wrong = wrong_answer(self.api, op, answer)
        if status and answer.status != status:
            wrong.insert(0, "%d instead of %d: %s" % (answer.status, status, answer.body[:300]))
        elif not status and answer.status // 100 != 2:
            wrong.insert(0, "%d: %s" % (answer.status, answer.body[:300]))
        if code and code_of(answer) != code:
            wrong.append("code %s instead of %s" % (code_of(answer), code))
        name = "%s %s" % (method.upper(), path)
        self.seen.setdefault(name, [])
        if answer.status not in self.seen[name]:
            self.seen[name].append(answer.status)
        result(not wrong, "%s, %s: %d" % (name, sentence, answer.status), "\n".join(wrong))

    # -- what is sent

    def filled(self, example):
        value, fill = example["value"], example.get("x-fill")
        if isinstance(fill, str):
            return self.client.fill[fill]
        for member in fill or []:
            known = self.client.fill[member]
            value = dict(value, **{member: known.split() if isinstance(value[member], list) else known})
        return value

    def body_of(self, media_type, example):
        value = self.filled(example)
        if example.get("x-base64"):
            return base64.b64decode(value)
        if example.get("x-raw") or not media_type.endswith("json") or "ndjson" in media_type:
            return value.encode()
        return json.dumps(value).encode()

    def target(self, path, op, chosen=None):
        """The path with each parameter's first example, save for the one that is tried."""
        query = {}
        for p in op.get("parameters", []):
            p = self.api.follow(p)
            example = next(iter(p.get("examples", {}).values()), None)
            if chosen and chosen[0] == p["name"]:
                example = chosen[1]
            if not example:
                continue
            value = str(self.filled(example))
            if p["in"] == "path":
                path = path.replace("{%s}" % p["name"], urllib.parse.quote(value, safe=""))
            elif chosen and chosen[0] == p["name"]:
                query[p["name"]] = value
        return path + ("?" + urllib.parse.urlencode(query) if query else "")

    def first_body(self, op):
        for media_type, media in op.get("requestBody", {}).get("content", {}).items():
            for example in media.get("examples", {}).values():
                return media_type, self.body_of(media_type, example)
        return None, b"" if op.get("requestBody") else None

    def send(self, method, path, op, target=None, body=None, media_type=None, extra=None,
             anonymous=False, announce=None):
        headers, device = ({}, False) if anonymous else self.client.who(self.api, op)
        headers = dict(headers, **(extra or {}))
        if media_type:
            headers["Content-Type"] = media_type
        if body is None and method == "post":
            body = b""
        return self.client.ask(method.upper(), target or self.target(path, op), headers, body,
                               device, announce)

    # -- examples of the file

    def bodies(self, method, path, op):
        for media_type, media in op.get("requestBody", {}).get("content", {}).items():
            for name, example in media.get("examples", {}).items():
                body = self.body_of(media_type, example)
                answer = self.send(method, path, op, body=body, media_type=media_type)
                self.meet(method, path, op, "%s (%s)" % (name, media_type), answer,
                          example.get("x-status"), example.get("x-code"))
                self.keep(op, answer)
                again = example.get("x-again")
                if again:
                    answer = self.send(method, path, op, body=body, media_type=media_type)
                    self.meet(method, path, op, name + " again", answer, again,
                              example.get("x-again-code"))

    def keep(self, op, answer):
        """Members of an answer that later examples are filled with."""
        if answer.status // 100 == 2:
            for member in op.get("x-keep", []):
                self.client.fill[member] = json.loads(answer.body)[member]

    def parameters(self, method, path, op):
        media_type, body = self.first_body(op)
        for p in op.get("parameters", []):
            p = self.api.follow(p)
            for name, example in p.get("examples", {}).items():
                target, extra = self.target(path, op, (p["name"], example)), None
                if p["in"] == "header":
                    target, extra = None, {p["name"]: example["value"]}
                answer = self.send(method, path, op, target, body, media_type, extra=extra)
                self.meet(method, path, op, "%s %s" % (p["name"], name), answer,
                          example.get("x-status"), example.get("x-code"))

    # -- what an outsider does to any operation

    def intruders(self, method, path, op):
        media_type, body = self.first_body(op)
        ask = lambda **more: self.send(method, path, op, body=body, media_type=media_type, **more)
        schemes = self.api.security(op)
        if schemes:
            self.meet(method, path, op, "nobody", ask(anonymous=True), 401)
        if any(s["type"] == "http" for _, s, _ in schemes):
            for name, value in (("another key", "Bearer " + "0" * 64), ("no key", "Bearer "),
                                ("another scheme", "Basic eDp5")):
                self.meet(method, path, op, name, ask(extra={"Authorization": value}), 401)
        if self.api.doc.get("x-guards-host"):
            self.meet(method, path, op, "a foreign Host", ask(extra={"Host": "evil.example"}),
                      403, "foreign-host")
            self.meet(method, path, op, "a foreign Origin",
                      ask(extra={"Origin": "https://evil.example"}), 403, "foreign-origin")

    def bad_bodies(self, method, path, op):
        content = op.get("requestBody", {}).get("content")
        if not content:
            return
        media_type = next(iter(content))
        cases = [("no body", b"", media_type, 400),
                 ("bytes that are nothing", b"\xff\xfe\x00{", media_type, 400)]
        # Where 415 does not stand in the file, what the body is not decides.
        kind = 415 if "415" in op["responses"] else 400
        cases += [("another content type", b"a=b", "application/x-www-form-urlencoded", kind),
                  ("no content type", b"{}", None, kind),
                  ("another charset", b"{}", media_type + "; charset=latin1", kind)]
        if not op["requestBody"].get("required"):
            cases = cases[1:]
        for name, body, its_type, status in cases:
            self.meet(method, path, op, name,
                      self.send(method, path, op, body=body, media_type=its_type), status)
        self.meet(method, path, op, "eight megabytes",
                  self.send(method, path, op, body=b"", media_type=media_type, announce=op.get("x-too-long", TOO_LONG)),
                  413, "too-large")

    def bad_query(self, method, path, op):
        if any(p["in"] == "query" for p in op.get("parameters", [])) and \
                self.api.doc.get("x-guards-query"):
            media_type, body = self.first_body(op)
            for query in ("unknown=1", "unknown"):
                self.meet(method, path, op, "query " + query,
                          self.send(method, path, op, self.target(path, op) + "?" + query, body,
                                    media_type), 400, "bad-query")

    # -- what no operation is

    def undocumented(self, name, method, target, status):
        """404 and 405 belong to no operation: components name their answers."""
        response = {"404": "NoPath", "405": "NoMethod"}[str(status)]
        op = {"responses": {str(status): {"$ref": "#/components/responses/" + response}}}
        headers = {"Authorization": "Bearer " + self.client.token} if self.client.token else {}
        answer = self.client.ask(method, target, headers, b"" if method != "HEAD" else None)
        if method == "HEAD":
            return
        wrong = wrong_answer(self.api, op, answer)
        result(not wrong, "%s: %d" % (name, answer.status), "\n".join(wrong))

    def strangers(self):
        by_path = {}
        for method, path, op in self.api.operations():
            by_path.setdefault(path, {})[method] = op
        for path, methods in by_path.items():
            target = self.target(path, next(iter(methods.values())))
            for method in ("get", "put", "post", "delete", "patch", "options"):
                if method not in methods:
                    self.undocumented("%s %s is no method of it" % (method.upper(), path),
                                      method.upper(), target, 405)
            self.undocumented("GET %s/ is no path" % path, "GET", target + "/", 404)
        for path in ("/", "/v1", "/v1/", "/v2/events", "/v1/nothing", "/v1/../healthz", "/%00",
                     "/" + "a" * 3000, "/v1/events%2f", "//healthz"):
            self.undocumented("GET %.20s is no path" % path, "GET", path, 404)
        for path, methods in by_path.items():
            if "get" in methods:
                self.head(path, methods["get"])

    def head(self, path, op):
        """HEAD is GET without the body."""
        headers, device = self.client.who(self.api, op)
        answer = self.client.ask("HEAD", self.target(path, op), headers, None, device)
        known = response_for(self.api, op, answer.status)
        result(known is not None and not answer.body, "HEAD %s: %d" % (path, answer.status),
               "the status is not one of GET's, or there is a body")

    def run(self):
        for method, path, op in self.api.operations():
            self.intruders(method, path, op)
            self.bad_bodies(method, path, op)
            self.bad_query(method, path, op)
            if op.get("requestBody"):
                self.bodies(method, path, op)
            if op.get("parameters"):
                self.parameters(method, path, op)
            if not op.get("requestBody") and not op.get("parameters"):
                self.meet(method, path, op, "as documented", self.send(method, path, op))
        self.strangers()

    def outcome(self, method, path, status, times, query):
        op = self.api.doc["paths"][path][method.lower()]
        media_type, body = self.first_body(op)
        target = self.target(path, op) + ("?" + query if query else "")
        for _ in range(times):
            answer = self.send(method.lower(), path, op, target, body, media_type)
            if answer.status == status:
                break
        self.meet(method.lower(), path, op, "in this state", answer, status)


# ---- what was met, and the lists ----------------------------------------------------------


def covered(api, seen, elsewhere):
    # x-elsewhere: a status that takes two clients at a time, which another test has.
    for method, path, op in api.operations():
        name = "%s %s" % (method.upper(), path)
        met = list(map(str, seen.get(name, []))) + list(elsewhere) + op.get("x-elsewhere", [])
        missing = [s for s in map(str, op["responses"]) if s not in met]
        result(not missing, "every status of %s was met" % name, "never: " + " ".join(missing))


def read(*parts):
    with open(os.path.join(*parts), encoding="utf-8") as f:
        return f.read()


def same(sentence, ours, theirs):
    result(ours and ours == theirs, sentence,
           "only in the sources: %s\nonly in the document: %s"
           % (sorted(ours - theirs), sorted(theirs - ours)))


def section(text, heading):
    return re.split(r"^## ", text.split("\n## %s\n" % heading, 1)[1], flags=re.M)[0]


def table_words(text, column):
    """The words in backticks of a column of a table."""
    cells = [line.split("|")[column] for line in text.splitlines() if line.startswith("| ")]
    return {w for cell in cells for w in re.findall(r"`([a-z_-]+)`", cell)}


def problem_rows(text):
    """(status, code) of a table whose first two columns they are."""
    rows = re.findall(r"^\| (\d{3}) \| ([^|]*) \|", text, flags=re.M)
    return {(int(status), code) for status, cell in rows for code in re.findall(r"`([^`]*)`", cell)}


def words(top):
    reasons = set(re.findall(r'X\([A-Z_]+, "([a-z_]+)"\)', read(top, "agent/accept_code.h")))
    page = read(top, "docs/API.md")
    same("docs/API.md has the reasons of agent/accept_code.h, and no other", reasons,
         table_words(section(page, "Reasons and warnings"), 1))
    agent = Api(os.path.join(top, "docs/openapi.yaml"))
    # A body that is no JSON never becomes an event; its errors have a word of their own.
    same("docs/openapi.yaml has them too", reasons | {"not_json"},
         set(agent.doc["components"]["schemas"]["Code"]["enum"]))
    kinds = {(int(s), c) for c, s in re.findall(r'^    {"([a-z-]+)", (\d{3}),',
                                                 read(top, "agent/problem.c"), flags=re.M)}
    same("docs/API.md has the problems of agent/problem.c, and no other", kinds,
         problem_rows(section(page, "Refusals")))
    hub = set()
    for name in sorted(os.listdir(os.path.join(top, "hub"))):
        if name.endswith(".c"):
            found = re.findall(r'\b([45]\d\d),\s*"([a-z][a-z-]+)"', read(top, "hub", name))
            hub |= {(int(status), code) for status, code in found}
    same("docs/HUB_API.md has the problems of hub/, and no other", hub,
         problem_rows(section(read(top, "docs/HUB_API.md"), "Codes")))
    routes = {(m, p) for m, p in re.findall(r'{"([A-Z]+)",\s*"(/[^"]*)"',
                                            read(top, "agent/api.c"))}
    same("docs/openapi.yaml has the routes of agent/api.c, and no other", routes,
         {(m.upper(), p) for m, p, _ in agent.operations()})
    hub_api = Api(os.path.join(top, "docs/hub-openapi.yaml"))
    routes = {(m, p) for m, p in re.findall(r'{"([A-Z]+)",\s*"(/[^"]*)"',
                                            read(top, "hub/route.c"))}
    same("docs/hub-openapi.yaml has the routes of hub/route.c, and no other", routes,
         {(m.upper(), re.sub(r"{[^}]*}", "{}", p)) for m, p, _ in hub_api.operations()})


# ---- the command --------------------------------------------------------------------------


def parse():
    p = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    p.add_argument("what", choices=["lint", "try", "outcome", "covered", "words"])
    p.add_argument("file")
    p.add_argument("rest", nargs="*")
    p.add_argument("--url")
    p.add_argument("--seen")
    p.add_argument("--bearer", help="file with the token")
    p.add_argument("--ca")
    p.add_argument("--cert")
    p.add_argument("--key")
    p.add_argument("--fill", action="append", default=[], metavar="NAME=VALUE|NAME=@FILE")
    p.add_argument("--status", type=int)
    p.add_argument("--query", help="of outcome's request")
    p.add_argument("--times", type=int, default=1, help="until the status comes")
    return p.parse_intermixed_args()


def main():
    args = parse()
    if args.what == "words":
        words(args.file)
        return failed
    api = Api(args.file)
    seen = {}
    if args.seen and os.path.exists(args.seen):
        seen = json.loads(read(args.seen))
    if args.what == "lint":
        wrong = Lint(api).run()
        result(not wrong, "%s is OpenAPI 3.1" % os.path.basename(args.file), "\n".join(wrong))
    elif args.what == "covered":
        covered(api, seen, args.rest)
    else:
        trial = Trial(api, Client(args), seen)
        if args.what == "try":
            trial.run()
        else:
            trial.outcome(args.rest[0], args.rest[1], args.status, args.times,
                          args.query)
        with open(args.seen, "w", encoding="utf-8") as f:
            json.dump(seen, f)
    return failed


if __name__ == "__main__":
    sys.exit(main())
