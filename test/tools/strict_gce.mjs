#!/usr/bin/env node
/**
 * A Google Compute Engine in memory, for tests of launchers: the v1 REST API as the real clients speak it, with real
 * operations, idempotent requests, zones without capacity, quotas, spot, late visibility, and on request any error,
 * delay or lost reply.
 *
 *     node strict_gce.mjs [--port 0] [--host 127.0.0.1] [--exit-with-stdin] [--check-replies]
 *                         [--discovery compute.v1.json.gz] [--catalog vms.csv.gz]
 *
 * prints `listening on http://127.0.0.1:PORT`. Point a client there and steer the server with JSON under /strict (table
 * in README.md). `POST /strict/reset` forgets everything.
 *
 * `Api` is Google's discovery document: routes, and what may stand in a query and a body. `Catalog` is what is offered
 * where. `Cloud` holds the resources, the operations and what a test asked for. HANDLERS has one function per method;
 * `Server` stands in front of it with faults, journal and /strict.
 */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { createServer, STATUS_CODES } from "node:http"
import { isDeepStrictEqual, parseArgs } from "node:util"
import { gunzipSync } from "node:zlib"
import { rightsOf } from "./gce-rights.mjs"

const BASE = "https://www.googleapis.com/compute/v1/"
const META = Symbol("what the server knows of a resource and the API does not show")
const LIVE = new Set(["PROVISIONING", "STAGING", "RUNNING", "STOPPING", "SUSPENDING"])
const PUBLIC_PROJECTS = ["ubuntu-os-cloud", "debian-cloud", "cos-cloud", "deeplearning-platform-release", "rocky-linux-cloud"]
const DAY = 86_400
const REQUEST_ID_SECONDS = 3_600
const OPERATION_SECONDS = 14 * DAY
const PACIFIC = 7 * 3_600_000
const MAX_RESULTS = 500
const JOURNAL_ROWS = 100_000
const JOURNAL_CHARACTERS = 200
const LOCAL_SSD_GB = 375
const NAME = "(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)"
const LABEL_KEY = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u
const LABEL_VALUE = /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u
const METADATA_KEY = /^[a-zA-Z0-9_-]{1,128}$/
const METADATA_VALUE_BYTES = 262_144
const METADATA_BYTES = 524_288
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const ZERO_UUID = /^[0-]+$/

// Small helpers

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value)
const lastPart = (link) => String(link).split("/").pop()
const regionOf = (zone) => zone.replace(/-[a-z]$/, "")
const exactly = (pattern) => new RegExp(`^(?:${pattern})$`)
const stamp = (ms) => new Date(ms - PACIFIC).toISOString().replace("Z", "-07:00")
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0)
const fingerprint = (value) =>
  `${createHash("sha1")
    .update(JSON.stringify(value) ?? "")
    .digest()
    .subarray(0, 8)
    .toString("base64url")}=`

/** The pattern is a value, a glob, or a list of them. */
function fits(pattern, value) {
  return [pattern].flat().some((one) => globbed(String(one)).test(String(value ?? "")))
}
const globs = new Map()
function globbed(glob) {
  if (!globs.has(glob)) {
    const escaped = glob
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".")
    globs.set(glob, exactly(escaped))
  }
  return globs.get(glob)
}

// Errors: of a request (HTTP), and of an operation that was accepted and then failed

const HTTP_ERRORS = {
  // reason: status, usual message
  invalid: [400, () => "Invalid value."],
  badRequest: [400, () => "Bad request."],
  resourceNotReady: [400, (p) => `The resource '${p.link}' is not ready`],
  resourceInUseByAnotherResource: [400, (p) => `The resource '${p.link}' is already being used.`],
  invalidResourceUsage: [400, (p) => `Invalid resource usage of '${p.link}'.`],
  unsupportedOperation: [400, () => "The operation is not supported here."],
  authError: [401, () => "Invalid Credentials"],
  forbidden: [403, (p) => `Required 'compute.${p.action}' permission for '${p.link}'`],
  accessNotConfigured: [403, (p) => `Compute Engine API has not been used in project ${p.project} before or it is disabled.`],
  quotaExceeded: [403, (p) => `Quota 'CPUS' exceeded.  Limit: 0.0 in region ${p.region}.`],
  rateLimitExceeded: [403, () => "Rate Limit Exceeded"],
  notFound: [404, (p) => `The resource '${p.link}' was not found`],
  alreadyExists: [409, (p) => `The resource '${p.link}' already exists`],
  conditionNotMet: [412, () => "The fingerprint does not match the current one."],
  internalError: [500, () => "Internal error. Please try again."],
  backendError: [503, () => "Backend Error"]
}
const stockout = (p) => `The zone 'projects/${p.project}/zones/${p.zone}' does not have enough resources available to fulfill the request.`
const OPERATION_ERRORS = {
  // code: status, usual message, details
  ZONE_RESOURCE_POOL_EXHAUSTED: [503, (p) => `${stockout(p)}  Try a different zone, or try again later.`],
  ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS: [
    503,
    (p) => `${stockout(p)}  '(resource type:compute)'.`,
    (p) => [
      {
        help: {
          links: [
            {
              description: "Troubleshooting documentation",
              url: "https://cloud.google.com/compute/docs/resource-error"
            }
          ]
        }
      },
      {
        localizedMessage: {
          locale: "en-US",
          message: `A ${p.machineType} VM instance is currently unavailable in the ${p.zone} zone.`
        }
      },
      {
        errorInfo: {
          reason: "resource_availability",
          domain: "compute.googleapis.com",
          metadatas: {
            vmType: p.machineType,
            zone: p.zone,
            zonesAvailable: "",
            ...(p.accelerator && { attachment: p.accelerator })
          }
        }
      }
    ]
  ],
  QUOTA_EXCEEDED: [
    403,
    (p) => quotaMessage(p.metric ?? "CPUS", p.limit ?? 0, p.region),
    (p) => quotaDetails(p.metric ?? "CPUS", p.limit ?? 0, p.region)
  ],
  VM_MIN_COUNT_NOT_REACHED: [503, (p) => `Requested minimum count of ${p.minCount ?? 1} VMs could not be created.`],
  OPERATION_CANCELED_BY_USER: [409, () => "The operation was canceled: its resource was deleted meanwhile."],
  RESOURCE_NOT_READY: [400, (p) => `The resource '${p.link}' is not ready`],
  RESOURCE_NOT_FOUND: [404, (p) => `The resource '${p.link}' was not found`],
  RESOURCE_IN_USE_BY_ANOTHER_RESOURCE: [400, (p) => `The resource '${p.link}' is already being used${p.user ? ` by '${p.user}'` : ""}`],
  CONDITION_NOT_MET: [412, () => "The fingerprint does not match the current one."],
  UNSUPPORTED_OPERATION: [400, () => "The operation is not supported: the instance was stopped while it was being created."],
  IP_SPACE_EXHAUSTED: [400, (p) => `IP space of region '${p.region}' is exhausted.`],
  INTERNAL_ERROR: [500, () => "Internal error. Please try again or contact support."]
}
const where = (region) => (region ? `in region ${region}` : "globally")
const quotaMessage = (metric, limit, region) => `Quota '${metric}' exceeded.  Limit: ${limit.toFixed(1)} ${where(region)}.`
const quotaDetails = (metric, limit, region) => [
  {
    quotaInfo: {
      metricName: `compute.googleapis.com/${metric.toLowerCase()}`,
      limitName: `${metric}-per-project${region ? "-region" : ""}`,
      dimensions: region ? { region } : {},
      limit
    }
  }
]

class ApiError extends Error {
  constructor(reason, message, status) {
    const [usualStatus, usualMessage] = HTTP_ERRORS[reason] ?? [400, () => reason]
    super(message ?? usualMessage({}))
    this.reason = reason
    this.status = status ?? usualStatus
  }

  static at(place, reason, message, status) {
    return new ApiError(reason, message ?? HTTP_ERRORS[reason]?.[1](place), status)
  }

  body() {
    const domain = ["quotaExceeded", "rateLimitExceeded", "accessNotConfigured"].includes(this.reason) ? "usageLimits" : "global"
    return {
      error: {
        code: this.status,
        message: this.message,
        errors: [{ message: this.message, domain, reason: this.reason }]
      }
    }
  }
}

/** What an operation that failed says: `error.errors[]`, and the HTTP status it would have had. */
class OperationError extends Error {
  constructor(code, place = {}, message = undefined, status = undefined) {
    const [usualStatus, usualMessage, details] = OPERATION_ERRORS[code] ?? [400, () => code]
    super(message ?? usualMessage(place))
    this.status = status ?? usualStatus
    this.errors = [{ code, message: this.message, ...(details && { errorDetails: details(place) }) }]
  }

  get code() {
    return this.errors[0].code
  }
}

const invalid = (field, value, why) => new ApiError("invalid", `Invalid value for field '${field}': '${value}'. ${why}`)
const notFound = (link) => ApiError.at({ link }, "notFound")
const alreadyExists = (link) => ApiError.at({ link }, "alreadyExists")
const notReady = (link) => ApiError.at({ link }, "resourceNotReady")
const incompatible = (...features) =>
  new ApiError("badRequest", `[${features.join(", ")}] features are not compatible for creating instance.`)

/** Google's discovery document: which calls there are, and what may stand in them. */
class Api {
  constructor(document) {
    this.schemas = document.schemas
    // the document recommends returnPartialSuccess and does not list it
    this.commonQuery = { ...document.parameters, returnPartialSuccess: { type: "boolean" } }
    this.root = { children: new Map(), routes: {} }
    for (const [resource, { methods }] of Object.entries(document.resources)) {
      for (const [name, method] of Object.entries(methods)) this.addRoute(`${resource}.${name}`, method)
    }
  }

  addRoute(action, { httpMethod, path, parameters, request, response }) {
    const names = []
    let node = this.root
    for (const part of path.split("/")) {
      const parameter = /^\{(.*)\}$/.exec(part)?.[1]
      if (parameter) names.push(parameter)
      const key = parameter ? "{}" : part
      if (!node.children.has(key)) node.children.set(key, { children: new Map(), routes: {} })
      node = node.children.get(key)
    }
    node.routes[httpMethod] = { action, names, parameters, request, response }
  }

  match(verb, parts, node = this.root, values = []) {
    if (!parts.length) return node.routes[verb] && { route: node.routes[verb], values }
    const [part, ...rest] = parts
    const literal = node.children.get(part)
    const parameter = node.children.get("{}")
    return (literal && this.match(verb, rest, literal, values)) || (parameter && this.match(verb, rest, parameter, [...values, part]))
  }

  checkPath(route, params) {
    for (const [name, value] of Object.entries(params)) {
      const { pattern } = route.parameters[name]
      if (pattern && !exactly(pattern).test(value)) {
        throw invalid(name, value, "It must be a match of the regex of such names.")
      }
    }
  }

  checkQuery(route, query) {
    const known = (name) => route.parameters[name] ?? this.commonQuery[name.replace("$", "")]
    return Object.fromEntries(
      [...query].map(([name, value]) => {
        const parameter = known(name)
        if (!parameter) {
          throw new ApiError("invalid", `Invalid JSON payload received. Unknown name "${name}": no such query parameter.`)
        }
        if (name.startsWith("$")) return [name, value]
        const number = Number(value)
        if (parameter.type === "boolean" && !["true", "false"].includes(value)) {
          throw invalid(name, value, "It must be true or false.")
        }
        if (parameter.type === "integer" && !(Number.isInteger(number) && number >= (parameter.minimum ?? -Infinity))) {
          throw invalid(name, value, "It must be an unsigned integer.")
        }
        return [name, { boolean: value === "true", integer: number }[parameter.type] ?? value]
      })
    )
  }

  /** The body without what is output only; anything that the schema does not know is refused. */
  clean(schema, value, at, keepOutput = false) {
    if (schema.$ref) schema = this.schemas[schema.$ref]
    const wrong = () =>
      new ApiError("invalid", `Invalid value at '${at}' (${schema.format ?? schema.type}): ${JSON.stringify(value)?.slice(0, 80)}`)
    if (schema.type === "object" || schema.properties) {
      if (!isObject(value)) throw wrong()
      const result = {}
      for (const [name, member] of Object.entries(value)) {
        const property = schema.properties?.[name] ?? schema.additionalProperties
        if (!property) {
          throw new ApiError("invalid", `Invalid JSON payload received. Unknown name "${name}" at '${at}': no such field.`)
        }
        if (member === null || (property.readOnly && !keepOutput)) continue
        result[name] = this.clean(property, member, `${at}.${name}`, keepOutput)
      }
      return result
    }
    if (schema.type === "array") {
      if (!Array.isArray(value)) throw wrong()
      return value.map((member, index) => this.clean(schema.items, member, `${at}[${index}]`, keepOutput))
    }
    if (schema.type === "boolean" && typeof value !== "boolean") throw wrong()
    if (["integer", "number"].includes(schema.type)) {
      if (typeof value !== "number" && !/^-?\d+(\.\d+)?$/.test(value)) throw wrong()
      return Number(value)
    }
    if (schema.type !== "string") return value
    if (["int64", "uint64"].includes(schema.format)) {
      if (!/^-?\d+$/.test(String(value))) throw wrong()
      return String(value)
    }
    if (typeof value !== "string" || (schema.enum && !schema.enum.includes(value))) throw wrong()
    return value
  }

  /** Whether a resource of this schema can have a field `labels.team` or `disks.source`. */
  hasField(schema, path) {
    if (schema.$ref) schema = this.schemas[schema.$ref]
    if (schema.type === "array") return this.hasField(schema.items, path)
    if (!path.length) return true
    const property = schema.properties?.[path[0]] ?? schema.additionalProperties
    return Boolean(property) && this.hasField(property, path.slice(1))
  }
}

// Machine types

const GPU_NAMES = {
  // in the catalog: in the API, most per instance, most vCPUs by number of cards where it is attached to n1
  T4: ["nvidia-tesla-t4", 4, { 1: 48, 2: 48, 4: 96 }],
  P4: ["nvidia-tesla-p4", 4, { 1: 24, 2: 48, 4: 96 }],
  P100: ["nvidia-tesla-p100", 4, { 1: 16, 2: 32, 4: 96 }],
  V100: ["nvidia-tesla-v100", 8, { 1: 12, 2: 24, 4: 48, 8: 96 }],
  A100: ["nvidia-tesla-a100", 16],
  "A100-80GB": ["nvidia-a100-80gb", 8],
  L4: ["nvidia-l4", 8],
  H100: ["nvidia-h100-80gb", 8],
  "H100-MEGA": ["nvidia-h100-mega-80gb", 8],
  H200: ["nvidia-h200-141gb", 8],
  B200: ["nvidia-b200", 8]
}
const N1_CARDS = Object.fromEntries(
  Object.values(GPU_NAMES)
    .filter((row) => row[2])
    .map(([name, , cards]) => [name, cards])
)
const GPU_METRICS = Object.fromEntries(Object.entries(GPU_NAMES).map(([name, [inApi]]) => [inApi, `NVIDIA_${name.replaceAll("-", "_")}`]))
const MOST_CARDS = Object.fromEntries(Object.values(GPU_NAMES).map(([name, most]) => [name, most]))
const BUILT_IN = [
  // machine types with GPUs: card, number of cards, number of local SSDs that come with them
  [/^a2-(?:high|mega)gpu-(\d+)g$/, "nvidia-tesla-a100", (n) => n, () => 0],
  [/^a2-ultragpu-(\d+)g$/, "nvidia-a100-80gb", (n) => n, (n) => n],
  [/^a3-(?:high|edge)gpu-(\d+)g(?:-nolssd)?$/, "nvidia-h100-80gb", (n) => n, (n) => n * 2],
  [/^a3-megagpu-(\d+)g(?:-nolssd)?$/, "nvidia-h100-mega-80gb", (n) => n, (n) => n * 2],
  [/^a3-ultragpu-(\d+)g(?:-nolssd)?$/, "nvidia-h200-141gb", (n) => n, (n) => n * 4],
  [/^a4-highgpu-(\d+)g$/, "nvidia-b200", (n) => n, (n) => n * 4],
  [/^g2-standard-(\d+)$/, "nvidia-l4", (cpus) => ({ 24: 2, 48: 4, 96: 8 })[cpus] ?? 1, () => 0]
]
const CUSTOM_TYPE = /^(?:(e2|n2|n2d|n4|g2)-)?custom-(\d+)-(\d+)(?:-ext)?$/
const HYPERDISK_ONLY = /^(n4|c4|c4d|c4a|a4|x4)$/
const ARM = /^(t2a|c4a|n4a|a4x)$/
const OWN_CPU_METRIC = new Set(["a2", "c2", "c2d", "c3", "m1", "m2", "m3", "n2", "n2d", "t2a", "t2d"])
const SHARED_CPU_METRIC = new Set(["e2", "n1", "f1", "g1", "custom", "*"])
const REGIONAL_METRICS =
  /^(CPUS|[A-Z]\d[A-Z]?_CPUS|PREEMPTIBLE_CPUS|(PREEMPTIBLE_)?NVIDIA_.*_GPUS|INSTANCES|IN_USE_ADDRESSES|SSD_TOTAL_GB)$/

function describeType(name, cpus, memoryMb) {
  const family = name.split("-")[0]
  const [pattern, card, cards, ssds] = BUILT_IN.find(([regex]) => regex.test(name)) ?? []
  const size = pattern && Number(pattern.exec(name)[1])
  return {
    name,
    cpus,
    memoryMb,
    family,
    arm: ARM.test(family),
    shared: /^(f1|g1)-|^e2-(micro|small|medium)$/.test(name),
    gpu: pattern ? { type: card, count: cards(size) } : null,
    localSsds: name.endsWith("-nolssd") ? 0 : pattern ? ssds(size) : name.endsWith("-lssd") ? Math.max(1, Math.floor(cpus / 8)) : 0,
    hyperdiskOnly: HYPERDISK_ONLY.test(family) || name.startsWith("a3-ultragpu")
  }
}

/** Which disk types a machine type takes; what is not known here is taken. */
function diskTypeFits(diskType, type) {
  if (type.hyperdiskOnly) return diskType.startsWith("hyperdisk-")
  if (diskType.startsWith("hyperdisk-")) {
    return !["e2", "n1", "f1", "g1", "t2a", "t2d", "a2", "c2", "c2d"].includes(type.family)
  }
  if (diskType === "pd-extreme") return (type.family === "n2" && type.cpus >= 64) || /^m[123]$/.test(type.family)
  if (diskType === "pd-standard") return !["a3", "g2", "c3", "c3d"].includes(type.family)
  return true
}
const localSsdFits = (type) => ["n1", "n2", "n2d", "c2", "c2d", "a2", "g2", "m1", "m3"].includes(type.family)
const DISK_TYPES = [
  "pd-standard",
  "pd-balanced",
  "pd-ssd",
  "pd-extreme",
  "hyperdisk-balanced",
  "hyperdisk-extreme",
  "hyperdisk-throughput",
  "hyperdisk-ml",
  "local-ssd"
]

/** What is offered where: zones, machine types, GPUs. */
class Catalog {
  constructor(csv) {
    this.zones = new Map() // name -> { region, types: Set, gpus: Map of name -> most cards }
    this.types = new Map()
    const offers = new Map()
    for (const line of csv.split("\n").slice(1)) {
      const columns = line.split(",")
      const [type, cpus, gib, gpu, cards] = columns
      const zone = columns.at(-3)
      if (columns.length < 10 || type.endsWith("-tpu")) continue
      if (!offers.has(zone)) offers.set(zone, { region: columns.at(-4), types: new Set(), gpus: new Map() })
      const offer = offers.get(zone)
      if (type) {
        offer.types.add(type)
        if (!this.types.has(type)) this.types.set(type, describeType(type, Number(cpus), Number(gib) * 1024))
      } else if (GPU_NAMES[gpu]) {
        const [name] = GPU_NAMES[gpu]
        offer.gpus.set(name, Math.max(Number(cards), offer.gpus.get(name) ?? 0))
      }
    }
    for (const zone of [...offers.keys()].sort()) {
      if (offers.get(zone).types.size) this.zones.set(zone, offers.get(zone))
    }
    this.regions = [...new Set([...this.zones.values()].map((zone) => zone.region))].sort()
  }

  zonesOf(region) {
    return [...this.zones].filter(([, zone]) => zone.region === region).map(([name]) => name)
  }

  type(name, zone) {
    const [, family = "n1", cpus, memoryMb] = CUSTOM_TYPE.exec(name) ?? []
    const types = this.zones.get(zone).types
    if (cpus) {
      return types.has(`${family}-standard-4`) ? { ...describeType(name, Number(cpus), Number(memoryMb)), family } : null
    }
    return types.has(name) ? this.types.get(name) : null
  }
}

// Public images: [project, family, disk GB, ARM]. Of each there are two made-up versions, and the newer has been withdrawn:
// the newest by name or date is not the one that its family stands for

const PUBLIC_IMAGES = [
  ...["ubuntu-2204-lts", "ubuntu-2404-lts-amd64", "ubuntu-minimal-2404-lts-amd64"].map((family) => ["ubuntu-os-cloud", family, 10, false]),
  ...["ubuntu-2204-lts-arm64", "ubuntu-2404-lts-arm64", "ubuntu-minimal-2404-lts-arm64"].map((family) => [
    "ubuntu-os-cloud",
    family,
    10,
    true
  ]),
  ...["debian-11", "debian-12", "debian-13"].map((family) => ["debian-cloud", family, 10, false]),
  ...["debian-12-arm64", "debian-13-arm64"].map((family) => ["debian-cloud", family, 10, true]),
  ...["cos-stable", "cos-121-lts"].map((family) => ["cos-cloud", family, 10, false]),
  ["cos-cloud", "cos-arm64-stable", 10, true],
  ["rocky-linux-cloud", "rocky-linux-9", 20, false],
  ...[
    "common-cpu-debian-11-py310",
    "common-cu129-ubuntu-2204-nvidia-580",
    "common-cu129-ubuntu-2404-nvidia-580",
    "common-cu128-ubuntu-2204-nvidia-570"
  ].map((family) => ["deeplearning-platform-release", family, 50, false])
]

// Filters of lists

/** `labels.team = a`, `(status = "RUNNING") AND (name != b)`, `labels.team:*`, `name eq a.*`; anything else is refused. */
class Filter {
  constructor(text, knows) {
    this.text = text
    this.position = 0
    this.knows = knows
    this.styles = new Set()
    this.test = this.conjunction()
    if (this.position < text.length) this.refuse()
    if (this.styles.size > 1) this.refuse("Regular expressions and other comparisons do not mix.")
  }

  refuse(why = "Invalid list filter expression.") {
    throw invalid("filter", this.text, why)
  }

  take(pattern) {
    const sticky = new RegExp(`\\s*(?:${pattern.source})`, "y")
    sticky.lastIndex = this.position
    const found = sticky.exec(this.text)
    if (found) this.position = sticky.lastIndex
    return found
  }

  conjunction() {
    const terms = [this.disjunction()]
    while (this.take(/AND\b/) || (this.position < this.text.length && !/^\s*(\)|$)/.test(this.text.slice(this.position)))) {
      terms.push(this.disjunction())
    }
    return (resource) => terms.every((term) => term(resource))
  }

  // OR binds tighter than AND (google.aip.dev/160)
  disjunction() {
    const terms = [this.term()]
    while (this.take(/OR\b/)) terms.push(this.term())
    return (resource) => terms.some((term) => term(resource))
  }

  term() {
    if (this.take(/NOT\b/)) {
      const negated = this.term()
      return (resource) => !negated(resource)
    }
    if (!this.take(/\(/)) return this.comparison()
    const inner = this.conjunction()
    if (!this.take(/\)/)) this.refuse()
    return inner
  }

  comparison() {
    const [, field] = this.take(/([A-Za-z_][\w.-]*)/) ?? this.refuse()
    const path = field.split(".")
    if (!this.knows(path)) this.refuse(`There is no field ${field}.`)
    const [, operator] = this.take(/(!=|<=|>=|[=<>:]|eq(?=\s)|ne(?=\s))/) ?? this.refuse()
    const value = this.value(operator)
    this.styles.add(/^(eq|ne)$/.test(operator) ? "regular expressions" : "comparisons")
    return compare(operator, path, value)
  }

  value(operator) {
    const quoted = this.take(/"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/)
    if (quoted) return (quoted[1] ?? quoted[2]).replace(/\\(.)/g, "$1")
    const [, bare] = this.take(/((?:[^\s()"']|\([^\s()]*\))+)/) ?? this.refuse()
    if (operator === ":" && bare !== "*") this.refuse("After a colon only * is known here.")
    return bare
  }
}

const valuesAt = (resource, [name, ...rest]) =>
  name === undefined
    ? [resource].flat()
    : [resource].flat().flatMap((one) => (isObject(one) && one[name] !== undefined ? valuesAt(one[name], rest) : []))

function compare(operator, path, wanted) {
  const some = (holds) => (resource) => valuesAt(resource, path).some(holds)
  const order = (holds) =>
    some((value) =>
      holds(typeof value === "number" ? value - Number(wanted) : String(value) < wanted ? -1 : Number(String(value) > wanted))
    )
  const equal = some((value) => String(value) === wanted)
  const regex = ["eq", "ne"].includes(operator) && exactly(wanted)
  const matches = some((value) => regex.test(String(value)))
  return {
    "=": equal,
    "!=": (resource) => !equal(resource),
    ":": some(() => true),
    eq: matches,
    ne: (resource) => !matches(resource),
    "<": order((d) => d < 0),
    "<=": order((d) => d <= 0),
    ">": order((d) => d > 0),
    ">=": order((d) => d >= 0)
  }[operator]
}

/** Time as the server sees it: it can be moved forward, and everything that is due happens in order. */
class Clock {
  constructor() {
    this.offset = 0
    this.due = [] // { at, action }, by time
  }

  now() {
    return Date.now() + this.offset
  }

  after(seconds, action) {
    const at = this.now() + seconds * 1000
    let low = 0
    let high = this.due.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.due[middle].at <= at) low = middle + 1
      else high = middle
    }
    this.due.splice(low, 0, { at, action })
    this.arm()
  }

  settle() {
    while (this.due.length && this.due[0].at <= this.now()) this.due.shift().action()
    this.arm()
  }

  advance(seconds) {
    const target = this.now() + seconds * 1000
    while (this.due.length && this.due[0].at <= target) {
      this.offset += Math.max(0, this.due[0].at - this.now())
      this.due.shift().action()
    }
    this.offset += Math.max(0, target - this.now())
    this.arm()
  }

  arm() {
    clearTimeout(this.timer)
    if (!this.due.length) return
    const milliseconds = Math.min(Math.max(0, this.due[0].at - this.now()), 2 ** 31 - 1)
    this.timer = setTimeout(() => this.settle(), milliseconds).unref()
  }
}

// What a test asks for: faults, limits, timing

/** An object of the given fields, of the given types; anything else is a mistake of the test. */
function checked(row, fields, name) {
  if (!isObject(row)) throw new TypeError(`${name} is an object`)
  for (const [field, value] of Object.entries(row)) {
    if (!(field in fields)) throw new TypeError(`${name} knows no ${field}`)
    if (fields[field] === "pattern" ? isObject(value) || value === null : typeof value !== fields[field]) {
      throw new TypeError(`${field} of ${name} is a ${fields[field]}`)
    }
    if (typeof value === "number" && value < 0) throw new TypeError(`${field} of ${name} is not negative`)
  }
  return row
}
const LIMIT_PLACE = Object.fromEntries(["project", "region", "zone", "machineType", "accelerator", "spot"].map((name) => [name, "pattern"]))
const PLACE = { ...LIMIT_PLACE, name: "pattern" }

class Fault {
  static FIELDS = {
    action: "string",
    match: "object",
    reason: "string",
    message: "string",
    status: "number",
    times: "number",
    delaySeconds: "number",
    held: "boolean", // until the faults are deleted
    afterEffect: "boolean",
    drop: "boolean",
    operationError: "string",
    operationSeconds: "number"
  }

  constructor(row) {
    Object.assign(this, { action: "*", match: {} }, checked(row, Fault.FIELDS, "a fault"), { hits: 0 })
    checked(this.match, PLACE, "match")
    if (this.inOperation && (this.reason || this.drop || this.afterEffect || this.delaySeconds || this.held)) {
      throw new TypeError("operationError and operationSeconds do not go with what happens to the request")
    }
    if (this.reason && !HTTP_ERRORS[this.reason] && !this.status) throw new TypeError(`${this.reason} needs a status`)
  }

  get inOperation() {
    return this.operationError !== undefined || this.operationSeconds !== undefined
  }

  strikes(action, place, inOperation) {
    return (
      this.hits !== this.times &&
      this.inOperation === inOperation &&
      fits(this.action, action) &&
      Object.entries(this.match).every(([name, pattern]) => fits(pattern, place[name]))
    )
  }
}

const cpuMetric = (type = "n1") => {
  const family = type.split("-")[0]
  return OWN_CPU_METRIC.has(family) ? `${family.toUpperCase()}_CPUS` : SHARED_CPU_METRIC.has(family) ? "CPUS" : "CPUS_PER_VM_FAMILY"
}
const gpuMetric = ({ accelerator, spot }) => `${spot === true ? "PREEMPTIBLE_" : ""}${GPU_METRICS[accelerator] ?? "NVIDIA"}_GPUS`
const MEASURES = ["count", "cpus", "gpus", "ssdGb", "addresses"]

/** At most so much among the instances that all patterns fit: `count` is stock, the others are quotas. */
class Limit {
  static FIELDS = {
    ...LIMIT_PLACE,
    ...Object.fromEntries(MEASURES.map((name) => [name, "number"])),
    code: "string",
    metric: "string",
    http: "boolean"
  }

  constructor(row) {
    Object.assign(this, checked(row, Limit.FIELDS, "a limit"))
    this.measure = MEASURES.find((name) => row[name] !== undefined)
    if (!this.measure || MEASURES.filter((name) => row[name] !== undefined).length > 1) {
      throw new TypeError(`a limit has one of ${MEASURES.join(", ")}`)
    }
  }

  get most() {
    return this[this.measure]
  }

  covers(place) {
    return Object.keys(LIMIT_PLACE).every((name) => this[name] === undefined || fits(this[name], place[name]))
  }

  get scope() {
    return this.region === undefined && this.zone === undefined ? "global" : "region"
  }

  /** The name of the quota, as GCE has it for such an instance. */
  metricFor(place) {
    return (
      this.metric ??
      {
        count: () => "INSTANCES",
        cpus: () => (this.scope === "global" ? "CPUS_ALL_REGIONS" : this.spot === true ? "PREEMPTIBLE_CPUS" : cpuMetric(place.machineType)),
        gpus: () => (this.scope === "global" ? "GPUS_ALL_REGIONS" : gpuMetric(place)),
        ssdGb: () => "SSD_TOTAL_GB",
        addresses: () => "IN_USE_ADDRESSES"
      }[this.measure]()
    )
  }

  /** How the refusal looks: inside the operation, or as an HTTP error. */
  refusal(place) {
    if (this.measure === "count") return new OperationError(this.code ?? "ZONE_RESOURCE_POOL_EXHAUSTED", place)
    const region = this.scope === "region" ? place.region : undefined
    const metric = this.metricFor(place)
    if (this.http) throw new ApiError("quotaExceeded", quotaMessage(metric, this.most, region))
    return new OperationError(this.code ?? "QUOTA_EXCEEDED", { ...place, metric, limit: this.most, region })
  }

  show() {
    const { measure, ...row } = this
    return row
  }
}

const TIMING = {
  // seconds
  seconds: 0, // a new instance is unknown to every call
  listSeconds: 0, // and absent from lists
  operationListSeconds: 0, // a new operation is absent from lists
  pendingSeconds: 0, // operations wait before they run
  insertSeconds: 0,
  startSeconds: 0,
  stopSeconds: 0,
  deleteSeconds: 0,
  otherSeconds: 0, // operations run
  stagingSeconds: 0, // an instance is STAGING although its operation is done
  waitSeconds: 120 // how long a wait call blocks at most
}

/** Addresses: from the test's lists, or made up. */
class Addresses {
  constructor() {
    this.pools = { internal: [], external: [] }
    this.used = new Map() // "internal 10.0.0.2" -> link of the instance
    this.made = 0
  }

  /** An address, or undefined when the pool is used up; `range` is where internal ones come from. */
  lease(type, owner, range) {
    const free = (address) => !this.used.has(`${type} ${address}`)
    const address = this.pools[type].length ? this.pools[type].find(free) : this.invent(type, range, free)
    if (address) this.used.set(`${type} ${address}`, owner)
    return address
  }

  /** Where a test has named both, a machine keeps the two that stand at the same place. */
  pairOf(internal) {
    return this.pools.external[this.pools.internal.indexOf(internal)]
  }

  invent(type, range, free) {
    const [base, bits] = type === "internal" ? range.split("/") : ["198.18.0.0", "15"]
    const first = base.split(".").reduce((number, part) => number * 256 + Number(part), 0)
    const size = 2 ** (32 - bits)
    for (let tries = 0; tries < size; tries++) {
      const number = first + 2 + (this.made++ % Math.max(1, size - 4))
      const address = [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".")
      if (free(address)) return address
    }
    return undefined
  }

  release(owner, type = undefined) {
    for (const [key, value] of this.used) if (value === owner && (!type || key.startsWith(type))) this.used.delete(key)
  }
}

const SCHEMA_OF = {
  instances: "Instance",
  disks: "Disk",
  snapshots: "Snapshot",
  machineImages: "MachineImage",
  images: "Image",
  networks: "Network",
  subnetworks: "Subnetwork",
  firewalls: "Firewall",
  reservations: "Reservation",
  zones: "Zone",
  regions: "Region",
  machineTypes: "MachineType",
  acceleratorTypes: "AcceleratorType",
  diskTypes: "DiskType",
  operations: "Operation",
  zoneOperations: "Operation",
  regionOperations: "Operation",
  globalOperations: "Operation"
}
const DEFAULT_RULES = [
  // of the default network
  ["default-allow-icmp", [{ IPProtocol: "icmp" }], "0.0.0.0/0"],
  [
    "default-allow-internal",
    [{ IPProtocol: "tcp", ports: ["0-65535"] }, { IPProtocol: "udp", ports: ["0-65535"] }, { IPProtocol: "icmp" }],
    "10.128.0.0/9"
  ],
  ["default-allow-rdp", [{ IPProtocol: "tcp", ports: ["3389"] }], "0.0.0.0/0"],
  ["default-allow-ssh", [{ IPProtocol: "tcp", ports: ["22"] }], "0.0.0.0/0"]
]
const CARRIED = [
  "description",
  "canIpForward",
  "hostname",
  "minCpuPlatform",
  "shieldedInstanceConfig",
  "confidentialInstanceConfig",
  "reservationAffinity",
  "resourcePolicies",
  "advancedMachineFeatures",
  "displayDevice",
  "networkPerformanceConfig",
  "params",
  "keyRevocationActionType",
  "privateIpv6GoogleAccess",
  "localSsdEncryptionMode"
]

/** Everything there is, and what a test asked for. */
class Cloud {
  constructor(api, catalog) {
    this.api = api
    this.catalog = catalog
    this.clock = new Clock()
    this.buckets = new Map()
    this.reset()
  }

  reset() {
    for (const operation of this.all("operations")) for (const wake of operation[META].waiters) wake()
    clearTimeout(this.clock.timer)
    Object.assign(this, {
      clock: new Clock(),
      buckets: new Map(),
      projectMetadata: new Map(),
      faults: [],
      denied: [], // permissions that nobody has
      granted: null, // those that there are, null for all
      silent: [], // zones that lists over all zones have no answer of
      limits: [],
      timing: { ...TIMING },
      addresses: new Addresses(),
      calls: [],
      requests: new Map(),
      ids: 0
    })
    for (const [project, family, gigabytes, arm] of PUBLIC_IMAGES) {
      for (const [version, age] of [
        ["20260901", 30 * DAY],
        ["20260915", 15 * DAY]
      ]) {
        this.add(project, "global", "images", {
          name: `${family}-v${version}`,
          family,
          status: "READY",
          diskSizeGb: String(gigabytes),
          archiveSizeBytes: "1073741824",
          architecture: arm ? "ARM64" : "X86_64",
          sourceType: "RAW",
          creationTimestamp: stamp(this.clock.now() - age * 1000),
          ...(version === "20260915" && { deprecated: { state: "DEPRECATED" } })
        })
      }
    }
  }

  // Resources: one map of names per project, scope ("zones/us-east1-b", "global") and collection

  bucket(project, scope, kind) {
    const key = `${project}/${scope}/${kind}`
    if (!this.buckets.has(key)) this.buckets.set(key, new Map())
    return this.buckets.get(key)
  }

  *all(kind, project = undefined) {
    for (const [key, bucket] of this.buckets) {
      if (key.endsWith(`/${kind}`) && (project === undefined || key.startsWith(`${project}/`))) yield* bucket.values()
    }
  }

  nextId() {
    return String(4_000_000_000_000_000_000n + BigInt(++this.ids) * 7_919n)
  }

  add(project, scope, kind, resource, meta = {}) {
    const link = `projects/${project}/${scope}/${kind}/${resource.name}`
    const [scopeKind, scopeName] = scope.split("/")
    const added = {
      kind: this.api.schemas[SCHEMA_OF[kind]].properties.kind.default,
      id: this.nextId(),
      creationTimestamp: stamp(this.clock.now()),
      ...resource,
      selfLink: BASE + link,
      ...(scopeName && { [scopeKind.slice(0, -1)]: `${BASE}projects/${project}/${scope}` }),
      [META]: { project, scope, kind, link, ...meta }
    }
    this.bucket(project, scope, kind).set(added.name, added)
    return added
  }

  drop(resource) {
    const { project, scope, kind } = resource[META]
    this.bucket(project, scope, kind).delete(resource.name)
  }

  exists(resource) {
    const { project, scope, kind } = resource[META]
    return this.bucket(project, scope, kind).get(resource.name) === resource
  }

  find(project, scope, kind, name) {
    if (["networks", "subnetworks", "firewalls"].includes(kind)) this.seed(project)
    const bucket = this.bucket(project, scope, kind)
    const found = bucket.get(name) ?? (/^\d+$/.test(name) ? [...bucket.values()].find((one) => one.id === name) : undefined)
    return found && (found[META].visibleAt ?? 0) <= this.clock.now() ? found : undefined
  }

  named(project, scope, kind, name) {
    const found = this.find(project, scope, kind, name)
    if (!found) throw notFound(`projects/${project}/${scope}/${kind}/${name}`)
    return found
  }

  /** What a link in a body points to: { project, scope, name }, and whether it names an image family. */
  parse(value, kind, at, project) {
    const pattern = new RegExp(
      `^(?:https://(?:www|compute)\\.googleapis\\.com/compute/v1/)?(?:projects/([^/]+)/)?((?:zones|regions)/[^/]+|global)/${kind}/(family/)?([^/]+)$`
    )
    const found = pattern.exec(value)
    if (!found) throw invalid(at, value, "The URL is malformed.")
    return { project: found[1] ?? project, scope: found[2], family: Boolean(found[3]), name: found[4] }
  }

  linked(value, kind, at, project) {
    const link = this.parse(value, kind, at, project)
    const found = link.family ? this.newest(link.project, link.name) : this.find(link.project, link.scope, kind, link.name)
    if (!found) throw invalid(at, value, `The referenced ${SCHEMA_OF[kind].toLowerCase()} resource cannot be found.`)
    return found
  }

  newest(project, family) {
    return [...this.bucket(project, "global", "images").values()]
      .filter((image) => image.family === family && !image.deprecated)
      .sort((a, b) => (a.creationTimestamp < b.creationTimestamp ? 1 : -1))[0]
  }

  refuseTaken(project, scope, kind, name) {
    if (this.bucket(project, scope, kind).has(name)) {
      throw alreadyExists(`projects/${project}/${scope}/${kind}/${name}`)
    }
  }

  /** A project has an auto mode network `default` from the start. */
  seed(project) {
    if (this.projectMetadata.has(project)) return
    this.projectMetadata.set(project, { kind: "compute#metadata", fingerprint: fingerprint([]), items: [] })
    if (PUBLIC_PROJECTS.includes(project)) return
    this.addNetwork(project, {
      name: "default",
      description: "Default network for the project",
      autoCreateSubnetworks: true
    })
    for (const [name, allowed, range] of DEFAULT_RULES) {
      this.addFirewall(project, {
        name,
        allowed,
        sourceRanges: [range],
        priority: 65534,
        network: "global/networks/default"
      })
    }
  }

  addNetwork(project, body) {
    const network = this.add(project, "global", "networks", {
      autoCreateSubnetworks: true,
      mtu: 1460,
      routingConfig: { routingMode: "REGIONAL" },
      networkFirewallPolicyEnforcementOrder: "AFTER_CLASSIC_FIREWALL",
      ...body,
      subnetworks: []
    })
    network.selfLinkWithId = `${BASE}projects/${project}/global/networks/${network.id}`
    if (network.autoCreateSubnetworks) {
      this.catalog.regions.forEach((region, index) => {
        const third = index * 16
        const ipCidrRange = `10.${128 + Math.floor(third / 256)}.${third % 256}.0/20`
        this.addSubnetwork(project, `regions/${region}`, { name: network.name, ipCidrRange }, network)
      })
    }
    return network
  }

  addSubnetwork(project, scope, body, network) {
    const subnetwork = this.add(project, scope, "subnetworks", {
      purpose: "PRIVATE",
      stackType: "IPV4_ONLY",
      privateIpGoogleAccess: false,
      gatewayAddress: body.ipCidrRange.replace(/\d+\/\d+$/, "1"),
      fingerprint: fingerprint(body),
      ...body,
      network: network.selfLink
    })
    network.subnetworks.push(subnetwork.selfLink)
    return subnetwork
  }

  addFirewall(project, body) {
    const network = this.linked(body.network, "networks", "resource.network", project)
    return this.add(project, "global", "firewalls", {
      direction: "INGRESS",
      priority: 1000,
      disabled: false,
      logConfig: { enable: false },
      ...body,
      network: network.selfLink
    })
  }

  // Operations

  takeFault(action, place, inOperation) {
    const fault = this.faults.find((one) => one.strikes(action, place, inOperation))
    if (fault) fault.hits += 1
    return fault
  }

  /**
   * Starts an operation; the reply shows it before anything has come of it. `halfway` and `effect` happen in time,
   * `undo` instead of `effect` if there is an error by then.
   */
  begin(
    call,
    {
      type,
      target,
      targetLink = target[META].link,
      seconds = this.timing.otherSeconds,
      halfway,
      effect,
      undo,
      error,
      more,
      parent,
      action = call.action,
      place = call.place
    }
  ) {
    const rule = this.takeFault(action, place, true)
    const failure =
      error ??
      (rule?.operationError
        ? new OperationError(rule.operationError, { ...place, link: targetLink }, rule.message, rule.status)
        : undefined)
    const operation = this.addOperation(
      call.project,
      call.scope,
      "operation",
      {
        operationType: type,
        targetLink: BASE + targetLink,
        targetId: target?.id ?? this.nextId(),
        user: "tester@example.com",
        status: "PENDING",
        progress: 0,
        ...(call.query.requestId !== undefined && !parent && { clientOperationId: call.query.requestId }),
        ...more
      },
      { target, effect, undo, error: failure, parent }
    )
    const start = () => {
      if (operation.status === "DONE") return
      Object.assign(operation, { status: "RUNNING", startTime: stamp(this.clock.now()) })
      const runs = rule?.operationSeconds ?? seconds
      if (halfway) this.clock.after(runs / 2, () => operation.status === "DONE" || halfway())
      this.clock.after(runs, () => this.finish(operation))
    }
    if (this.timing.pendingSeconds) this.clock.after(this.timing.pendingSeconds, start)
    else start()
    return operation
  }

  addOperation(project, scope, prefix, body, meta = {}) {
    const now = this.clock.now()
    const unique = createHash("sha1")
      .update(`${++this.ids}`)
      .digest("hex")
    const operation = this.add(
      project,
      scope,
      "operations",
      {
        name: `${prefix}-${now}-${unique.slice(0, 13)}-${unique.slice(13, 21)}-${unique.slice(21, 29)}`,
        insertTime: stamp(now),
        ...body
      },
      { waiters: [], listedAt: now + this.timing.operationListSeconds * 1000, ...meta }
    )
    delete operation.creationTimestamp
    this.clock.after(OPERATION_SECONDS, () => this.drop(operation))
    return operation
  }

  finish(operation) {
    const meta = operation[META]
    if (operation.status === "DONE") return
    meta.due = true
    if (meta.open) return // its last child finishes it
    try {
      if (meta.error) throw meta.error
      meta.effect?.()
    } catch (error) {
      if (!(error instanceof OperationError)) throw error
      meta.undo?.()
      Object.assign(operation, {
        error: { errors: error.errors },
        httpErrorStatusCode: error.status,
        httpErrorMessage: STATUS_CODES[error.status]?.toUpperCase()
      })
    }
    Object.assign(operation, { status: "DONE", progress: 100, endTime: stamp(this.clock.now()) })
    operation.startTime ??= operation.endTime
    for (const wake of meta.waiters) wake()
    if (meta.parent) {
      meta.parent[META].open -= 1
      if (meta.parent[META].due) this.finish(meta.parent)
    }
  }

  /** An operation ends now, with an error, whatever it was doing. */
  abort(operation, error) {
    operation[META].error = error
    this.finish(operation)
  }

  /** What GCE itself did to an instance, as it shows in the list of operations. */
  systemEvent(instance, type, statusMessage) {
    const { project, scope, link } = instance[META]
    const now = stamp(this.clock.now())
    this.addOperation(project, scope, "systemevent", {
      operationType: type,
      targetLink: BASE + link,
      targetId: instance.id,
      user: "system",
      status: "DONE",
      progress: 100,
      statusMessage,
      startTime: now,
      endTime: now
    })
  }

  // Room: stock and quotas

  /** How many of `wanted` such instances there is room for, and what refuses the next one. */
  admit(place, demand, wanted) {
    let granted = wanted
    let narrowest
    for (const limit of this.limits) {
      if (!limit.covers(place) || !demand[limit.measure]) continue
      const room = Math.max(0, Math.floor((limit.most - this.usage(limit, place.project)) / demand[limit.measure]))
      if (room < granted) [granted, narrowest] = [room, limit]
    }
    return { granted, refusal: narrowest?.refusal(place) }
  }

  /** Stock is shared by all projects, a quota belongs to one. */
  usage(limit, project) {
    const measure = limit.measure === "ssdGb" ? "disks" : "instances"
    const all = [...this.all(measure, limit.measure === "count" ? undefined : project)]
    const counted = all.filter((one) => limit.covers(one[META].place) && (measure === "disks" || this.takesRoom(one)))
    return sum(counted.map((one) => one[META].demand[limit.measure] ?? 0))
  }

  takesRoom(instance) {
    return LIVE.has(instance.status) && !instance[META].doomed
  }

  regionalQuotas(project, region) {
    const known = this.api.schemas.Quota.properties.metric.enum
    const usage = new Map(known.filter((metric) => REGIONAL_METRICS.test(metric)).map((metric) => [metric, 0]))
    const use = (metric, amount) => usage.has(metric) && usage.set(metric, usage.get(metric) + amount)
    for (const instance of this.all("instances", project)) {
      const { place, demand } = instance[META]
      if (place.region !== region) continue
      use("INSTANCES", 1)
      if (!this.takesRoom(instance)) continue
      use(cpuMetric(place.machineType), demand.cpus)
      use("IN_USE_ADDRESSES", demand.addresses)
      if (place.accelerator) use(gpuMetric(place), demand.gpus)
    }
    for (const disk of this.all("disks", project)) {
      if (disk[META].place.region === region) use("SSD_TOTAL_GB", disk[META].demand.ssdGb)
    }
    return this.quotaRows(usage, { project, region })
  }

  globalQuotas(project) {
    const live = [...this.all("instances", project)].filter((one) => this.takesRoom(one))
    const count = (kind) => [...this.all(kind, project)].length
    return this.quotaRows(
      new Map([
        ["CPUS_ALL_REGIONS", sum(live.map((one) => one[META].demand.cpus))],
        ["GPUS_ALL_REGIONS", sum(live.map((one) => one[META].demand.gpus))],
        ["NETWORKS", count("networks")],
        ["SUBNETWORKS", count("subnetworks")],
        ["FIREWALLS", count("firewalls")],
        ["SNAPSHOTS", count("snapshots")],
        ["IMAGES", count("images")],
        ["MACHINE_IMAGES", count("machineImages")]
      ]),
      { project }
    )
  }

  quotaRows(usage, place) {
    return [...usage].map(([metric, used]) => {
      const limits = this.limits.filter(
        (limit) =>
          limit.measure !== "count" &&
          limit.scope === (place.region ? "region" : "global") &&
          (!limit.region || fits(limit.region, place.region)) &&
          limit.metricFor(limit) === metric
      )
      return { metric, limit: Math.min(100_000, ...limits.map((limit) => limit.most)), usage: used }
    })
  }

  // Instances

  /** Checks what an insert asks for and says what would come of it, without doing it. */
  plan(call, body, at, { template = false, several = false, imageDisks = undefined } = {}) {
    const { project, zone } = call
    const type = this.planType(call, body.machineType, `${at}.machineType`, template)
    const accelerator = this.planGpus(call, body.guestAccelerators ?? [], type, `${at}.guestAccelerators`, template)
    const scheduling = planScheduling(body.scheduling ?? {}, accelerator, `${at}.scheduling`, this.clock.now())
    const disks = this.planDisks(call, body.disks ?? [], type, `${at}.disks`, { template, several, imageDisks })
    const interfaces = this.planInterfaces(call, body.networkInterfaces ?? [], `${at}.networkInterfaces`, several)
    checkLabels(body.labels, `${at}.labels`)
    checkTags(body.tags?.items, `${at}.tags`)
    checkMetadata(body.metadata?.items, `${at}.metadata`)
    if ((body.serviceAccounts ?? []).length > 1) {
      throw invalid(`${at}.serviceAccounts`, "", "At most one service account can be attached.")
    }
    if (body.serviceAccounts?.[0] && !body.serviceAccounts[0].scopes?.length) {
      throw invalid(`${at}.serviceAccounts[0].scopes`, "", "At least one scope must be specified.")
    }
    if (body.reservationAffinity?.consumeReservationType === "SPECIFIC_RESERVATION") {
      throw invalid(`${at}.reservationAffinity`, (body.reservationAffinity.values ?? []).join(), "There is no such reservation.")
    }
    const place = {
      project,
      zone,
      region: regionOf(zone),
      machineType: type.name,
      accelerator: accelerator?.type,
      spot: scheduling.provisioningModel === "SPOT" || scheduling.preemptible
    }
    const demand = {
      count: 1,
      cpus: type.cpus,
      gpus: accelerator?.count ?? 0,
      addresses: interfaces.filter((one) => one.accessConfigs?.length).length,
      ssdGb: sum(disks.map((disk) => (disk.create ? ssdGigabytes(disk.create.type, disk.create.sizeGb) : 0)))
    }
    return { body, type, accelerator, scheduling, disks, interfaces, place, demand }
  }

  planType(call, value, at, template) {
    if (!value) throw invalid(at, "", "A machine type must be specified.")
    if (template && value.includes("/")) throw invalid(at, value, "It must be the name of a machine type, not a URL.")
    const { scope, name } = template ? { scope: call.scope, name: value } : this.parse(value, "machineTypes", at, call.project)
    if (scope !== call.scope) throw invalid(at, value, `It must be in ${call.scope}.`)
    const type = this.catalog.type(name, call.zone)
    if (!type) throw invalid(at, value, `Machine type with name '${name}' does not exist in zone '${call.zone}'.`)
    return type
  }

  planGpus(call, list, type, at, template) {
    if (list.length > 1) throw invalid(at, "", "At most one accelerator type can be attached.")
    if (!list.length) return type.gpu
    const { acceleratorType, acceleratorCount: count = 0 } = list[0]
    if (template && acceleratorType?.includes("/")) {
      throw invalid(`${at}[0].acceleratorType`, acceleratorType, "It must be a name, not a URL.")
    }
    const name = template
      ? acceleratorType
      : this.parse(acceleratorType ?? "", "acceleratorTypes", `${at}[0].acceleratorType`, call.project).name
    if (!this.catalog.zones.get(call.zone).gpus.has(name)) {
      throw notFound(`projects/${call.project}/zones/${call.zone}/acceleratorTypes/${name}`)
    }
    if (type.gpu) {
      if (type.gpu.type !== name || type.gpu.count !== count) throw incompatible(name, type.name)
      return type.gpu
    }
    if (type.family !== "n1" || !N1_CARDS[name]) throw incompatible(name, type.name)
    const cpus = N1_CARDS[name][count]
    if (!cpus) throw invalid(`${at}[0].acceleratorCount`, count, `It must be one of ${Object.keys(N1_CARDS[name])}.`)
    if (type.cpus > cpus) {
      throw invalid(`${at}[0].acceleratorCount`, count, `With ${count} of ${name} there can be at most ${cpus} vCPUs.`)
    }
    return { type: name, count }
  }

  planDisks(call, list, type, at, { template, several, imageDisks }) {
    if (imageDisks && !list.length) list = imageDisks
    if (!list.length || !list[0].boot) throw invalid(at, "", "The first disk must be a boot disk.")
    if (list.slice(1).some((disk) => disk.boot)) throw invalid(at, "", "There can be only one boot disk.")
    const bundled = Array.from({ length: type.localSsds }, () => ({
      type: "SCRATCH",
      autoDelete: true,
      bundled: true
    }))
    return [...list, ...bundled].map((disk, index) => {
      const here = `${at}[${index}]`
      const wanted = disk.initializeParams ?? {}
      const plan = {
        disk,
        boot: Boolean(disk.boot),
        autoDelete: Boolean(disk.autoDelete),
        deviceName: disk.deviceName
      }
      if (disk.type === "SCRATCH") {
        if (!disk.bundled) this.checkLocalSsd(call, disk, type, here, template)
        return { ...plan, scratch: true }
      }
      if (disk.source) {
        if (disk.initializeParams) throw invalid(here, "", "source and initializeParams exclude each other.")
        return { ...plan, source: this.planSource(call, disk, here, several) }
      }
      if (several && wanted.diskName) {
        throw invalid(`${here}.initializeParams.diskName`, wanted.diskName, "Several instances cannot have disks of the same name.")
      }
      if (wanted.diskName) this.refuseTaken(call.project, call.scope, "disks", wanted.diskName)
      const create = this.planNewDisk(
        call,
        { ...wanted, sizeGb: wanted.diskSizeGb ?? disk.diskSizeGb, name: wanted.diskName, type: wanted.diskType },
        `${here}.initializeParams`,
        { machine: type, template, fallback: imageDisks?.[index]?.saved, mustHaveSource: disk.boot }
      )
      if (disk.boot && create.architecture && (create.architecture === "ARM64") !== type.arm) {
        throw invalid(
          `${here}.initializeParams.sourceImage`,
          wanted.sourceImage,
          `An ${create.architecture} image does not boot on ${type.name}.`
        )
      }
      return { ...plan, create }
    })
  }

  checkLocalSsd(call, disk, type, at, template) {
    const wanted = disk.initializeParams?.diskType ?? ""
    const name = template ? wanted : wanted && this.parse(wanted, "diskTypes", `${at}.initializeParams.diskType`, call.project).name
    if (name !== "local-ssd") {
      throw invalid(`${at}.initializeParams.diskType`, wanted, "A SCRATCH disk must be a local SSD.")
    }
    if (!disk.autoDelete) throw invalid(`${at}.autoDelete`, false, "A SCRATCH disk must be deleted with its instance.")
    if (!localSsdFits(type)) throw incompatible("LOCAL_SSD", type.name)
  }

  planSource(call, disk, at, several) {
    const source = this.linked(disk.source, "disks", `${at}.source`, call.project)
    const readOnly = disk.mode === "READ_ONLY"
    if (source[META].scope !== call.scope) {
      throw invalid(`${at}.source`, disk.source, `The disk must be in ${call.scope}.`)
    }
    if (several && !readOnly) throw invalid(`${at}.source`, disk.source, "Several instances cannot write to one disk.")
    this.refuseBusy(source, readOnly)
    return source
  }

  refuseBusy(disk, readOnly) {
    const user = (disk.users ?? []).find(() => !(readOnly && disk[META].readOnly))
    if (user) {
      throw new ApiError(
        "resourceInUseByAnotherResource",
        `The disk resource '${disk[META].link}' is already being used by '${user.replace(BASE, "")}'`
      )
    }
  }

  /** A disk to be made from an image, a snapshot, another description of it (in a machine image), or nothing. */
  planNewDisk(call, wanted, at, { machine, template = false, fallback, mustHaveSource = false } = {}) {
    const typeName =
      wanted.type === undefined
        ? (fallback?.diskType ?? (machine?.hyperdiskOnly ? "hyperdisk-balanced" : "pd-standard"))
        : template
          ? wanted.type
          : this.parse(wanted.type, "diskTypes", `${at}.diskType`, call.project).name
    if (!DISK_TYPES.includes(typeName)) throw invalid(`${at}.diskType`, wanted.type, "There is no such disk type.")
    if (machine && !diskTypeFits(typeName, machine)) throw incompatible(typeName, machine.name)
    const source = wanted.sourceImage
      ? this.linked(wanted.sourceImage, "images", `${at}.sourceImage`, call.project)
      : wanted.sourceSnapshot
        ? this.linked(wanted.sourceSnapshot, "snapshots", `${at}.sourceSnapshot`, call.project)
        : undefined
    if (mustHaveSource && !source && !fallback) throw invalid(at, "", "A boot disk needs a source image or snapshot.")
    const least = Number(source?.diskSizeGb ?? fallback?.diskSizeGb ?? 0)
    const sizeGb = Number(wanted.sizeGb ?? (least || 500))
    if (sizeGb < least) {
      throw invalid(`${at}.diskSizeGb`, sizeGb, `Requested disk size cannot be smaller than the image size (${least} GB)`)
    }
    if (sizeGb < 1 || sizeGb > 65_536) throw invalid(`${at}.diskSizeGb`, sizeGb, "It must be between 1 and 65536.")
    checkLabels(wanted.labels, `${at}.labels`)
    return {
      type: typeName,
      sizeGb,
      name: wanted.name,
      labels: wanted.labels,
      description: wanted.description,
      source,
      architecture: source?.architecture ?? fallback?.architecture
    }
  }

  planInterfaces(call, list, at, several) {
    if (!list.length) throw invalid(at, "", "At least one network interface is required.")
    const region = `regions/${regionOf(call.zone)}`
    return list.map((one, index) => {
      const here = `${at}[${index}]`
      const subnetwork = one.subnetwork && this.linked(one.subnetwork, "subnetworks", `${here}.subnetwork`, call.project)
      const network =
        subnetwork && !one.network
          ? this.linked(subnetwork.network, "networks", `${here}.network`, call.project)
          : this.linked(one.network ?? "global/networks/default", "networks", `${here}.network`, call.project)
      if (subnetwork && subnetwork[META].scope !== region) {
        throw invalid(`${here}.subnetwork`, one.subnetwork, `The subnetwork must be in ${region}.`)
      }
      if (subnetwork && subnetwork.network !== network.selfLink) {
        throw invalid(`${here}.subnetwork`, one.subnetwork, "It is not a subnetwork of the network.")
      }
      if (!subnetwork && !network.autoCreateSubnetworks) {
        throw invalid(`${here}.subnetwork`, "", "A network in custom subnet mode needs a subnetwork.")
      }
      if ((one.accessConfigs ?? []).length > 1) {
        throw invalid(`${here}.accessConfigs`, "", "At most one access config is supported.")
      }
      if (one.accessConfigs?.[0]?.natIP) {
        throw invalid(`${here}.accessConfigs[0].natIP`, one.accessConfigs[0].natIP, "There is no such reserved address.")
      }
      const address = one.networkIP
      if (address && (several || this.addresses.used.has(`internal ${address}`))) {
        throw invalid(`${here}.networkIP`, address, "The address is in use.")
      }
      return {
        ...one,
        network,
        subnetwork: subnetwork ?? this.find(network[META].project, region, "subnetworks", network.name)
      }
    })
  }

  /** Makes the instance and its disks; it is on its way, and shows no address yet. */
  create(call, plan, name) {
    const { project, scope, zone } = call
    const { body, scheduling, type, accelerator } = plan
    const link = `projects/${project}/${scope}/instances/${name}`
    const metadata = {
      kind: "compute#metadata",
      fingerprint: fingerprint(body.metadata?.items ?? []),
      items: body.metadata?.items ?? []
    }
    const labels = body.labels ?? {}
    const tags = body.tags?.items ?? []
    const now = this.clock.now()
    const { seconds, listSeconds } = this.timing
    const instance = this.add(
      project,
      scope,
      "instances",
      {
        name,
        ...Object.fromEntries(CARRIED.filter((field) => body[field] !== undefined).map((field) => [field, body[field]])),
        status: "PROVISIONING",
        machineType: `${BASE}projects/${project}/${scope}/machineTypes/${type.name}`,
        ...(accelerator && {
          guestAccelerators: [
            {
              acceleratorType: `${BASE}projects/${project}/${scope}/acceleratorTypes/${accelerator.type}`,
              acceleratorCount: accelerator.count
            }
          ]
        }),
        scheduling,
        metadata,
        labels,
        labelFingerprint: fingerprint(labels),
        tags: { ...(tags.length && { items: tags }), fingerprint: fingerprint(tags) },
        serviceAccounts: (body.serviceAccounts ?? []).map((account) => ({
          ...account,
          email: account.email === "default" ? "123456789012-compute@developer.gserviceaccount.com" : account.email
        })),
        deletionProtection: Boolean(body.deletionProtection),
        startRestricted: false,
        fingerprint: fingerprint(name + now)
      },
      {
        place: { ...plan.place, name },
        demand: { ...plan.demand },
        visibleAt: now + seconds * 1000,
        listedAt: now + (seconds + listSeconds) * 1000,
        zone
      }
    )
    instance.disks = plan.disks.map((disk, index) => this.attach(instance, this.makeSource(call, disk, index, instance), disk, index))
    instance.networkInterfaces = plan.interfaces.map((one, index) => ({
      kind: "compute#networkInterface",
      name: `nic${index}`,
      network: one.network.selfLink,
      ...(one.subnetwork && { subnetwork: one.subnetwork.selfLink }),
      stackType: "IPV4_ONLY",
      fingerprint: fingerprint(`${link}${index}`),
      ...(one.networkIP && { networkIP: one.networkIP }),
      ...(one.nicType && { nicType: one.nicType }),
      ...(one.accessConfigs?.length && {
        accessConfigs: [
          {
            kind: "compute#accessConfig",
            type: "ONE_TO_ONE_NAT",
            name: one.accessConfigs[0].name ?? "external-nat",
            networkTier: "PREMIUM"
          }
        ]
      })
    }))
    return instance
  }

  makeSource(call, plan, index, instance) {
    if (plan.scratch) return undefined
    if (plan.source) return plan.source
    const disk = this.addDisk(call, {
      ...plan.create,
      name: plan.create.name ?? (index ? `${instance.name}-${index}` : instance.name)
    })
    disk[META].madeFor = instance
    return disk
  }

  addDisk(call, { name, type, sizeGb, labels = {}, description, source, architecture }) {
    const { project, scope, zone } = call
    const origin = source && (source[META].kind === "images" ? "sourceImage" : "sourceSnapshot")
    return this.add(
      project,
      scope,
      "disks",
      {
        name,
        status: "CREATING",
        sizeGb: String(sizeGb),
        type: `${BASE}projects/${project}/${scope}/diskTypes/${type}`,
        physicalBlockSizeBytes: "4096",
        labels,
        labelFingerprint: fingerprint(labels),
        ...(description && { description }),
        ...(architecture && { architecture }),
        ...(origin && { [origin]: source.selfLink, [`${origin}Id`]: source.id })
      },
      { place: { project, zone, region: regionOf(zone) }, demand: { ssdGb: ssdGigabytes(type, sizeGb) } }
    )
  }

  attach(instance, source, { boot = false, autoDelete, deviceName, scratch, disk = {} }, index) {
    const common = {
      kind: "compute#attachedDisk",
      index,
      boot,
      autoDelete,
      interface: disk.interface ?? (scratch ? "NVME" : "SCSI"),
      mode: disk.mode ?? "READ_WRITE"
    }
    if (scratch) {
      return {
        ...common,
        type: "SCRATCH",
        deviceName: deviceName ?? `local-ssd-${index}`,
        diskSizeGb: String(LOCAL_SSD_GB)
      }
    }
    source.users = [...(source.users ?? []), instance.selfLink]
    source.lastAttachTimestamp = stamp(this.clock.now())
    source[META].readOnly = disk.mode === "READ_ONLY"
    return {
      ...common,
      type: "PERSISTENT",
      deviceName: deviceName ?? (boot ? "persistent-disk-0" : `persistent-disk-${index}`),
      source: source.selfLink,
      diskSizeGb: source.sizeGb,
      ...(source.architecture && { architecture: source.architecture })
    }
  }

  sourceOf(attached) {
    const [, project, scope, name] = /projects\/([^/]+)\/(zones\/[^/]+)\/disks\/([^/]+)$/.exec(attached.source ?? "") ?? []
    return name && this.bucket(project, scope, "disks").get(name)
  }

  detach(instance, attached) {
    const disk = this.sourceOf(attached)
    if (!disk) return
    disk.users = disk.users.filter((user) => user !== instance.selfLink)
    if (!disk.users.length) delete disk.users
    disk.lastDetachTimestamp = stamp(this.clock.now())
  }

  /** Addresses are leased when the instance gets a place, and shown once it is STAGING. */
  leaseAddresses(instance) {
    const { link } = instance[META]
    const leases = instance.networkInterfaces.map((one) => {
      const subnetwork = one.subnetwork && this.linked(one.subnetwork, "subnetworks", "subnetwork")
      const internal = one.networkIP ?? this.addresses.lease("internal", link, subnetwork?.ipCidrRange ?? "10.0.0.0/8")
      if (internal) this.addresses.used.set(`internal ${internal}`, link)
      return { internal, external: one.accessConfigs && (this.addresses.pairOf(internal) ?? this.addresses.lease("external", link)) }
    })
    instance[META].leases = leases
    const exhausted = leases.some((lease, index) => !lease.internal || (instance.networkInterfaces[index].accessConfigs && !lease.external))
    return exhausted ? new OperationError("IP_SPACE_EXHAUSTED", instance[META].place) : undefined
  }

  stage(instance) {
    if (instance.status !== "PROVISIONING") return
    instance.status = "STAGING"
    instance[META].leases.forEach(({ internal, external }, index) => {
      const one = instance.networkInterfaces[index]
      one.networkIP = internal
      if (external) one.accessConfigs[0].natIP = external
    })
  }

  /** The instance has been started; with stagingSeconds it is not yet RUNNING when its operation is done. */
  run(instance) {
    this.mustExist(instance)
    this.stage(instance)
    for (const attached of instance.disks) if (attached.source) this.sourceOf(attached).status = "READY"
    if (this.timing.stagingSeconds) {
      this.clock.after(this.timing.stagingSeconds, () => instance.status === "STAGING" && this.runs(instance))
    } else this.runs(instance)
  }

  runs(instance) {
    const now = this.clock.now()
    const { maxRunDuration, terminationTime } = instance.scheduling
    const meta = instance[META]
    Object.assign(instance, { status: "RUNNING", lastStartTimestamp: stamp(now), cpuPlatform: "Intel Cascade Lake" })
    meta.serial = `${meta.serial ?? ""}[    0.000000] Linux version 6.8.0-gcp\n${instance.name} login: \n`
    meta.turn = (meta.turn ?? 0) + 1
    const { turn } = meta // a stop and a start begin a new run
    const endAt = (at, why) =>
      this.clock.after(Math.max(0, at - now) / 1000, () => instance.status === "RUNNING" && meta.turn === turn && this.end(instance, why))
    if (instance.scheduling.preemptible && instance.scheduling.provisioningModel === "STANDARD") {
      endAt(now + DAY * 1000, "preempted")
    }
    const ends = maxRunDuration ? now + Number(maxRunDuration.seconds ?? 0) * 1000 : terminationTime && Date.parse(terminationTime)
    if (!ends) return
    instance.resourceStatus = { scheduling: { terminationTimestamp: stamp(ends) } }
    endAt(ends, "its run duration is over")
  }

  mustExist(instance) {
    if (!this.exists(instance)) throw new OperationError("RESOURCE_NOT_FOUND", { link: instance[META].link })
  }

  terminated(instance, status = "TERMINATED") {
    this.mustExist(instance)
    if (instance[META].deleting) return // it stays STOPPING until it is gone
    const now = stamp(this.clock.now())
    Object.assign(instance, {
      status,
      ...(status === "SUSPENDED" ? { lastSuspendedTimestamp: now } : { lastStopTimestamp: now })
    })
    delete instance.resourceStatus
    this.addresses.release(instance[META].link, "external")
    for (const one of instance.networkInterfaces) if (one.accessConfigs) delete one.accessConfigs[0].natIP
  }

  /** The instance goes, with the disks that go with it; the others stay and cost. */
  remove(instance) {
    if (!this.exists(instance)) return
    for (const attached of instance.disks) {
      const disk = this.sourceOf(attached)
      this.detach(instance, attached)
      if (disk && !disk.users && (attached.autoDelete || (disk.status === "CREATING" && disk[META].madeFor === instance))) {
        this.drop(disk)
      }
    }
    this.addresses.release(instance[META].link)
    this.drop(instance)
  }

  /** GCE stops or deletes a running instance, as its scheduling says. */
  end(instance, why) {
    const deletes = instance.scheduling.instanceTerminationAction === "DELETE"
    if (why === "preempted") this.systemEvent(instance, "compute.instances.preempted", "Instance was preempted.")
    else this.systemEvent(instance, deletes ? "delete" : "stop", why)
    instance.status = "STOPPING"
    this.clock.after(this.timing.stopSeconds, () => {
      if (!this.exists(instance)) return
      if (deletes) this.remove(instance)
      else this.terminated(instance)
    })
  }

  /** What no API call does: the guest shuts down, spot is taken back, the launch or the host fails, someone else deletes. */
  happen(instance, verb, code = "INTERNAL_ERROR") {
    const { operation } = instance[META]
    const launching = operation && operation.status !== "DONE" && ["PROVISIONING", "STAGING"].includes(instance.status)
    const needs = (holds, what) => {
      if (!holds) throw new TypeError(`${verb} is for ${what}; ${instance.name} is ${instance.status}`)
    }
    const running = instance.status === "RUNNING"
    if (verb === "shutdown") {
      needs(running, "a running instance")
      this.systemEvent(instance, "compute.instances.guestTerminate", "Instance terminated by guest OS shutdown.")
      instance.status = "STOPPING"
      this.clock.after(this.timing.stopSeconds, () => this.exists(instance) && this.terminated(instance))
    } else if (verb === "preempt") {
      needs(running && instance[META].place.spot, "a running spot instance")
      this.end(instance, "preempted")
    } else if (verb === "fail") {
      needs(launching || running, "an instance that is starting or running")
      if (launching) {
        return this.abort(operation, new OperationError(code, { ...instance[META].place, link: instance[META].link }))
      }
      this.systemEvent(instance, "compute.instances.hostError", "Instance terminated by Compute Engine.")
      if (instance.scheduling.automaticRestart) {
        this.systemEvent(instance, "compute.instances.automaticRestart", "Instance automatically restarted by Compute Engine.")
      } else this.terminated(instance)
    } else {
      this.remove(instance)
    }
  }

  show(name) {
    return {
      faults: () => this.faults,
      denied: () => this.denied,
      granted: () => this.granted,
      silent: () => this.silent,
      calls: () => this.calls,
      visibility: () => this.timing,
      capacity: () => this.limits.map((limit) => limit.show()),
      clock: () => ({ now: new Date(this.clock.now()).toISOString() }),
      addresses: () => ({ ...this.addresses.pools, used: Object.fromEntries(this.addresses.used) }),
      instances: () => [...this.all("instances")].map(summary),
      disks: () =>
        [...this.all("disks")].map((disk) => ({
          name: disk.name,
          ...disk[META].place,
          status: disk.status,
          sizeGb: Number(disk.sizeGb),
          users: (disk.users ?? []).map(lastPart)
        }))
    }[name]?.()
  }
}

function summary(instance) {
  const { place } = instance[META]
  const [nic] = instance.networkInterfaces
  return {
    name: instance.name,
    id: instance.id,
    ...place,
    status: instance.status,
    internalIp: nic.networkIP ?? null,
    externalIp: nic.accessConfigs?.[0].natIP ?? null,
    labels: instance.labels,
    disks: instance.disks.filter((disk) => disk.source).map((disk) => lastPart(disk.source))
  }
}

const ssdGigabytes = (type, sizeGb) => (["pd-ssd", "pd-balanced"].includes(type) ? Number(sizeGb) : 0)

// Rules of single fields

function planScheduling(wanted, accelerator, at, now) {
  const model = wanted.provisioningModel ?? "STANDARD"
  const spot = model === "SPOT" || wanted.preemptible === true
  const limited = wanted.maxRunDuration || wanted.terminationTime
  const refuse = (field, why) => {
    throw invalid(`${at}.${field}`, JSON.stringify(wanted[field] ?? ""), why)
  }
  if (model === "SPOT" && wanted.preemptible === false) refuse("preemptible", "Spot instances are preemptible.")
  if (spot && wanted.automaticRestart) {
    refuse("automaticRestart", "Scheduling must have preemptible be false when automaticRestart is true.")
  }
  if (spot && wanted.onHostMaintenance === "MIGRATE") {
    refuse("onHostMaintenance", "Scheduling must have preemptible be false when onHostMaintenance is not TERMINATE.")
  }
  if (model === "RESERVATION_BOUND") refuse("provisioningModel", "There is no reservation.")
  if (model === "FLEX_START" && !wanted.maxRunDuration) refuse("maxRunDuration", "FLEX_START needs one.")
  if (wanted.maxRunDuration && wanted.terminationTime) refuse("terminationTime", "It excludes maxRunDuration.")
  if (wanted.instanceTerminationAction && !limited && model !== "SPOT") {
    refuse("instanceTerminationAction", "It needs the spot provisioning model or a limited run time.")
  }
  if (limited && !wanted.instanceTerminationAction && model !== "SPOT") {
    refuse("instanceTerminationAction", "A limited run time needs one.")
  }
  const seconds = Number(wanted.maxRunDuration?.seconds ?? 30)
  if (seconds < 30 || seconds > 120 * DAY) refuse("maxRunDuration", "It must be between 30 seconds and 120 days.")
  if (wanted.terminationTime && !(Date.parse(wanted.terminationTime) > now)) {
    refuse("terminationTime", "It must be in the future.")
  }
  const scheduling = {
    ...wanted,
    provisioningModel: model,
    preemptible: spot,
    automaticRestart: wanted.automaticRestart ?? !spot,
    onHostMaintenance: wanted.onHostMaintenance ?? (spot ? "TERMINATE" : "MIGRATE"),
    ...(model === "SPOT" && { instanceTerminationAction: wanted.instanceTerminationAction ?? "STOP" })
  }
  if (accelerator && scheduling.onHostMaintenance === "MIGRATE") {
    throw new ApiError("badRequest", "Instances with guest accelerators do not support live migration.")
  }
  return scheduling
}

function checkName(name, at = "resource.name") {
  if (!exactly(NAME).test(name ?? "")) throw invalid(at, name ?? "", `Must be a match of regex '${NAME}'`)
}

function checkLabels(labels = {}, at = "resource.labels") {
  if (Object.keys(labels).length > 64) throw invalid(at, "", "There are more than 64 labels.")
  for (const [key, value] of Object.entries(labels)) {
    if (!LABEL_KEY.test(key)) throw invalid(at, key, "Label key violates format constraints.")
    if (!LABEL_VALUE.test(value)) throw invalid(at, value, "Label value violates format constraints.")
  }
}

function checkTags(tags = [], at = "resource.tags") {
  if (tags.length > 64) throw invalid(at, "", "There are more than 64 tags.")
  for (const [index, tag] of tags.entries()) checkName(tag, `${at}.items[${index}]`)
}

function checkMetadata(items = [], at = "resource.metadata") {
  const bytes = items.map(({ key, value = "" }, index) => {
    if (!METADATA_KEY.test(key ?? "")) {
      throw invalid(`${at}.items[${index}].key`, key, "It must be 1 to 128 letters, digits, - or _.")
    }
    if (items.findIndex((other) => other.key === key) !== index) {
      throw invalid(`${at}.items[${index}].key`, key, "The key stands there twice.")
    }
    if (Buffer.byteLength(value) > METADATA_VALUE_BYTES) {
      throw invalid(`${at}.items[${index}].value`, "(long)", "It is longer than 256 KB.")
    }
    return Buffer.byteLength(value)
  })
  if (sum(bytes) > METADATA_BYTES) throw invalid(at, "(long)", "Together it is longer than 512 KB.")
}

function checkFingerprint(given, current) {
  if (given !== current) {
    throw new ApiError("conditionNotMet", "The fingerprint is missing or the resource has changed since.")
  }
}

const CIDR = /^(?:\d{1,3}\.){3}\d{1,3}(?:\/(?:\d|[12]\d|3[0-2]))?$/
function checkFirewall(body) {
  checkName(body.name)
  if (Boolean(body.allowed?.length) === Boolean(body.denied?.length)) {
    throw invalid("resource.allowed", "", "There must be either allowed or denied.")
  }
  for (const [index, { IPProtocol, ports = [] }] of (body.allowed ?? body.denied).entries()) {
    if (!IPProtocol) throw invalid(`resource.allowed[${index}].IPProtocol`, "", "A protocol must be specified.")
    if (ports.length && !["tcp", "udp", "sctp", "6", "17", "132"].includes(IPProtocol)) {
      throw invalid(`resource.allowed[${index}].ports`, ports[0], `${IPProtocol} has no ports.`)
    }
    for (const port of ports) {
      const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(port) ?? []
      if (!first || Number(first) > Number(last) || Number(last) > 65_535) {
        throw invalid(`resource.allowed[${index}].ports`, port, "Ports must be an integer or a range.")
      }
    }
  }
  for (const range of [...(body.sourceRanges ?? []), ...(body.destinationRanges ?? [])]) {
    if (!CIDR.test(range) && !range.includes(":")) {
      throw invalid("resource.sourceRanges", range, "Must be a CIDR address range.")
    }
  }
  if (body.priority !== undefined && !(body.priority >= 0 && body.priority <= 65_535)) {
    throw invalid("resource.priority", body.priority, "It must be between 0 and 65535.")
  }
  checkTags(body.targetTags, "resource.targetTags")
  checkTags(body.sourceTags, "resource.sourceTags")
}

// The methods of the API. Each gets the cloud and the call, and returns what is answered

/** Collections that follow from the catalog and belong to every project. */
const CATALOG_KINDS = {
  zones: (cloud, project) =>
    [...cloud.catalog.zones].map(([name, { region }]) =>
      fixed("zones", project, "", name, {
        description: name,
        status: "UP",
        region: `${BASE}projects/${project}/regions/${region}`,
        availableCpuPlatforms: ["Intel Cascade Lake"]
      })
    ),
  regions: (cloud, project) =>
    cloud.catalog.regions.map((name) =>
      fixed("regions", project, "", name, {
        description: name,
        status: "UP",
        zones: cloud.catalog.zonesOf(name).map((zone) => `${BASE}projects/${project}/zones/${zone}`),
        quotas: cloud.regionalQuotas(project, name)
      })
    ),
  machineTypes: (cloud, project, scope) =>
    [...cloud.catalog.zones.get(lastPart(scope)).types].sort().map((name) => machineType(cloud, project, scope, name)),
  acceleratorTypes: (cloud, project, scope) =>
    [...cloud.catalog.zones.get(lastPart(scope)).gpus.keys()].sort().map((name) =>
      fixed("acceleratorTypes", project, scope, name, {
        description: name,
        maximumCardsPerInstance: MOST_CARDS[name],
        zone: `${BASE}projects/${project}/${scope}`
      })
    ),
  diskTypes: (_cloud, project, scope) =>
    DISK_TYPES.map((name) => fixed("diskTypes", project, scope, name, { description: name, zone: `${BASE}projects/${project}/${scope}` }))
}

function fixed(kind, project, scope, name, rest) {
  const path = `projects/${project}/${scope ? `${scope}/` : ""}${kind}/${name}`
  return {
    kind: `compute#${kind.slice(0, -1)}`,
    id: String(BigInt(`0x${createHash("sha1").update(path).digest("hex").slice(0, 15)}`)),
    creationTimestamp: "1969-12-31T16:00:00.000-08:00",
    name,
    selfLink: BASE + path,
    ...rest
  }
}

function machineType(cloud, project, scope, name) {
  const { cpus, memoryMb, gpu, shared, arm } = cloud.catalog.type(name, lastPart(scope))
  return fixed("machineTypes", project, scope, name, {
    description: `${cpus} vCPUs, ${memoryMb / 1024} GB RAM`,
    guestCpus: Math.ceil(cpus),
    memoryMb,
    isSharedCpu: shared,
    architecture: arm ? "ARM64" : "X86_64",
    imageSpaceGb: 0,
    maximumPersistentDisks: 128,
    maximumPersistentDisksSizeGb: "263168",
    zone: lastPart(scope),
    ...(gpu && { accelerators: [{ guestAcceleratorType: gpu.type, guestAcceleratorCount: gpu.count }] })
  })
}

const zoneScopes = (cloud) => [...cloud.catalog.zones.keys()].map((zone) => `zones/${zone}`)
const regionScopes = (cloud) => cloud.catalog.regions.map((region) => `regions/${region}`)

function collect(cloud, call, kind, scope) {
  if (CATALOG_KINDS[kind]) return CATALOG_KINDS[kind](cloud, call.project, scope)
  if (["networks", "subnetworks", "firewalls"].includes(kind)) cloud.seed(call.project)
  const now = cloud.clock.now()
  return [...cloud.bucket(call.project, scope, kind).values()].filter((one) => (one[META].listedAt ?? 0) <= now)
}

/** One page: the resources of these scopes that pass the filter, and where the next page begins. */
function page(cloud, call, kind, scopes) {
  const { filter, maxResults, pageToken, orderBy } = call.query
  if (maxResults > MAX_RESULTS) {
    throw invalid("maxResults", maxResults, `Value must be less than or equal to ${MAX_RESULTS}.`)
  }
  if (orderBy && !["name", "creationTimestamp desc"].includes(orderBy)) {
    throw invalid("orderBy", orderBy, "Only name and creationTimestamp desc are supported.")
  }
  const passes = filter ? new Filter(filter, (path) => cloud.api.hasField({ $ref: SCHEMA_OF[kind] }, path)).test : () => true
  const made = (one) => one.insertTime ?? one.creationTimestamp ?? ""
  const byName = (a, b) => (a.name < b.name ? -1 : Number(a.name > b.name))
  const order = orderBy?.startsWith("c") ? (a, b) => (made(a) > made(b) ? -1 : made(a) < made(b) ? 1 : byName(a, b)) : byName
  const from = pageToken ? readToken(pageToken, filter) : undefined
  const pages = new Map(scopes.map((scope) => [scope, []]))
  let left = maxResults || MAX_RESULTS
  let last
  for (const scope of from ? scopes.slice(scopes.indexOf(from.scope)) : scopes) {
    if (scopes.length > 1 && cloud.silent.includes(lastPart(scope))) continue
    for (const one of collect(cloud, call, kind, scope).filter(passes).sort(order)) {
      if (from?.scope === scope && order(one, from) <= 0) continue
      if (!left) return { pages, nextPageToken: Buffer.from(JSON.stringify(last)).toString("base64url") }
      pages.get(scope).push(one)
      last = { scope, filter, name: one.name, creationTimestamp: made(one) }
      left -= 1
    }
  }
  return { pages }
}

function readToken(token, filter) {
  try {
    const from = JSON.parse(Buffer.from(token, "base64url").toString())
    if (from.filter === filter && from.scope) return from
  } catch {
    /* refused below */
  }
  throw invalid("pageToken", token, "The token is not one of this list.")
}

const replyKind = (cloud, call) => cloud.api.schemas[call.route.response.$ref].properties.kind.default

const list = (kind) => (cloud, call) => {
  const scope = kind === "zones" || kind === "regions" ? "" : call.scope
  const path = `projects/${call.project}/${scope ? `${scope}/` : ""}${kind}`
  const { pages, nextPageToken } = page(cloud, call, kind, [scope])
  const items = pages.get(scope)
  return {
    kind: replyKind(cloud, call),
    id: path,
    ...(items.length && { items }),
    ...(nextPageToken && { nextPageToken }),
    selfLink: BASE + path
  }
}

const aggregatedList = (kind, scopesOf) => (cloud, call) => {
  const path = `projects/${call.project}/aggregated/${kind}`
  const { pages, nextPageToken } = page(cloud, call, kind, scopesOf(cloud))
  const items = Object.fromEntries(
    [...pages].map(([scope, found]) => [
      scope,
      found.length
        ? { [kind]: found }
        : {
            warning: cloud.silent.includes(lastPart(scope))
              ? { code: "UNREACHABLE", message: `${scope} cannot be reached.` }
              : {
                  code: "NO_RESULTS_ON_PAGE",
                  message: `There are no results for scope '${scope}' on this page.`,
                  data: [{ key: "scope", value: scope }]
                }
          }
    ])
  )
  return {
    kind: replyKind(cloud, call),
    id: path,
    items,
    ...(nextPageToken && { nextPageToken }),
    selfLink: BASE + path
  }
}

const get = (kind, parameter) => (cloud, call) => cloud.named(call.project, call.scope, kind, call.params[parameter])

const getFixed = (kind, parameter) => (cloud, call) => {
  const name = call.params[parameter]
  const scope = kind === "zones" || kind === "regions" ? "" : call.scope
  const custom = kind === "machineTypes" && CUSTOM_TYPE.test(name) && cloud.catalog.type(name, call.zone)
  const found = custom
    ? machineType(cloud, call.project, scope, name)
    : CATALOG_KINDS[kind](cloud, call.project, scope).find((one) => one.name === name)
  if (!found) throw notFound(`projects/${call.project}/${scope ? `${scope}/` : ""}${kind}/${name}`)
  return found
}

const theInstance = (cloud, call) => get("instances", "instance")(cloud, call)
const hasLocalSsd = (instance) => instance.disks.some((disk) => disk.type === "SCRATCH")

function mustBe(instance, ...statuses) {
  if (!statuses.includes(instance.status)) throw notReady(instance[META].link)
}

/** One machine of an insert or a bulkInsert: it is there at once, PROVISIONING, and gone again if the operation fails. */
function launch(cloud, call, plan, name, { error, parent, action = call.action } = {}) {
  const instance = cloud.create(call, plan, name)
  const failure = error ?? cloud.leaseAddresses(instance)
  const operation = cloud.begin(call, {
    type: "insert",
    target: instance,
    seconds: cloud.timing.insertSeconds,
    action,
    place: instance[META].place,
    error: failure,
    parent,
    more: { ...sizeWarnings(plan), ...(parent && { operationGroupId: parent.operationGroupId }) },
    halfway: () => operation[META].error || cloud.stage(instance),
    effect: () => cloud.run(instance),
    undo: () => instance[META].deleting || cloud.remove(instance)
  })
  Object.assign(instance[META], { operation, doomed: Boolean(operation[META].error) })
  return operation
}

/** GCE warns of a disk larger than its image, and means no harm. */
function sizeWarnings({ disks: [{ create }] }) {
  if (!create?.source || create.sizeGb <= Number(create.source.diskSizeGb)) return {}
  const message = `Disk size: '${create.sizeGb} GB' is larger than image size: '${create.source.diskSizeGb} GB'.`
  return { warnings: [{ code: "DISK_SIZE_LARGER_THAN_IMAGE_SIZE", message }] }
}

function refuseTakenNames(cloud, call, plan, name) {
  checkName(name)
  cloud.refuseTaken(call.project, call.scope, "instances", name)
  plan.disks.forEach((disk, index) => {
    if (disk.create && !disk.create.name) {
      cloud.refuseTaken(call.project, call.scope, "disks", index ? `${name}-${index}` : name)
    }
  })
}

function insertInstance(cloud, call) {
  const { body, query } = call
  const source = body.sourceMachineImage ?? query.sourceMachineImage
  if (query.sourceInstanceTemplate) throw notHere("instance templates")
  checkName(body.name)
  const image = source && cloud.linked(source, "machineImages", "resource.sourceMachineImage", call.project)
  const asked = image ? { ...fromMachineImage(call, image), ...body } : body
  const plan = cloud.plan(call, asked, "resource", { imageDisks: image?.[META].disks })
  refuseTakenNames(cloud, call, plan, body.name)
  return launch(cloud, call, plan, body.name, { error: cloud.admit(plan.place, plan.demand, 1).refusal })
}

function bulkInsert(cloud, call) {
  const { body } = call
  const at = "resource.instanceProperties"
  const count = Number(body.count ?? 0)
  const minCount = Number(body.minCount ?? count)
  if (body.sourceInstanceTemplate || body.locationPolicy || body.instanceFlexibilityPolicy) {
    throw notHere("templates, location and flexibility policies")
  }
  if (count < 1) throw invalid("resource.count", count, "It must be positive.")
  if (minCount < 1 || minCount > count) throw invalid("resource.minCount", minCount, "It must be between 1 and count.")
  const plan = cloud.plan(call, body.instanceProperties ?? {}, at, { template: true, several: count > 1 })
  const names = bulkNames(cloud, call, count)
  for (const name of names) refuseTakenNames(cloud, call, plan, name)
  const { granted, refusal } = cloud.admit(plan.place, plan.demand, count)
  const zone = `zones/${call.zone}`
  const status = { status: "CREATING", targetVmCount: count, createdVmCount: 0 }
  const parent = cloud.begin(call, {
    type: "bulkInsert",
    targetLink: `projects/${call.project}/${zone}`,
    place: plan.place,
    seconds: 0,
    more: {
      operationGroupId: fingerprint(`${cloud.ids}`),
      instancesBulkInsertOperationMetadata: { perLocationStatus: { [zone]: status } }
    },
    effect: () => finishBulk(cloud, children, minCount, status)
  })
  parent[META].open = count
  const failure = parent[META].error // of a fault: it befalls every machine
  delete parent[META].error
  const children = names.map((name, index) => {
    const { hostname } = body.perInstanceProperties?.[name] ?? {}
    const own = hostname ? { ...plan, body: { ...plan.body, hostname } } : plan
    return launch(cloud, call, own, name, {
      error: failure ?? (index < granted ? undefined : refusal),
      parent,
      action: "instances.insert"
    })
  })
  return parent
}

/** All machines have come up or failed: fewer than minCount is none at all. */
function finishBulk(cloud, children, minCount, status) {
  const failed = children.filter((child) => child.error)
  const created = children.length - failed.length
  Object.assign(status, { status: "DONE", createdVmCount: created, failedToCreateVmCount: failed.length })
  if (created >= minCount) return
  for (const child of children) cloud.remove(child[META].target)
  status.deletedVmCount = created
  const error = new OperationError("VM_MIN_COUNT_NOT_REACHED", { minCount })
  const causes = new Map(failed.flatMap((child) => child.error.errors).map((cause) => [cause.code, cause]))
  causes.delete(error.code)
  error.errors.push(...causes.values())
  throw error
}

function bulkNames(cloud, call, count) {
  const { namePattern, perInstanceProperties = {} } = call.body
  const names = Object.keys(perInstanceProperties)
  if (Boolean(namePattern) === Boolean(names.length)) {
    throw invalid("resource.namePattern", namePattern ?? "", "Either it or perInstanceProperties must be set.")
  }
  if (names.length && names.length !== count) {
    throw invalid("resource.perInstanceProperties", names.length, "There must be as many as count says.")
  }
  if (names.length) return names
  const [, prefix, hashes, suffix] = /^([^#]*)(#{1,18})([^#]*)$/.exec(namePattern) ?? []
  if (!hashes) throw invalid("resource.namePattern", namePattern, "It must contain one sequence of #.")
  const taken = exactly(`${prefix}(\\d{${hashes.length}})${suffix}`)
  const highest = Math.max(
    0,
    ...[...cloud.bucket(call.project, call.scope, "instances").keys()].map((name) => Number(taken.exec(name)?.[1] ?? 0))
  )
  return Array.from({ length: count }, (_, index) => `${prefix}${String(highest + index + 1).padStart(hashes.length, "0")}${suffix}`)
}

/** start and resume: back to PROVISIONING, and down again if there is no room. */
function startInstance(type, from) {
  return (cloud, call) => {
    const instance = theInstance(cloud, call)
    const meta = instance[META]
    if (instance.status === "RUNNING" && type === "start") return cloud.begin(call, { type, target: instance })
    mustBe(instance, from)
    const error = cloud.admit(meta.place, { ...meta.demand, ssdGb: 0 }, 1).refusal ?? cloud.leaseAddresses(instance)
    instance.status = "PROVISIONING"
    meta.operation = cloud.begin(call, {
      type,
      target: instance,
      seconds: cloud.timing.startSeconds,
      error,
      halfway: () => operation[META].error || cloud.stage(instance),
      effect: () => cloud.run(instance),
      undo: () => cloud.exists(instance) && cloud.terminated(instance, from)
    })
    const { operation } = meta
    meta.doomed = Boolean(operation[META].error)
    return operation
  }
}

/** stop and suspend. */
function stopInstance(type, via, to) {
  return (cloud, call) => {
    const instance = theInstance(cloud, call)
    if (instance.status === to) return cloud.begin(call, { type, target: instance })
    mustBe(instance, "RUNNING")
    if (type === "suspend" && instance.guestAccelerators) {
      throw new ApiError("badRequest", "Instances with guest accelerators cannot be suspended.")
    }
    if (hasLocalSsd(instance) && call.query.discardLocalSsd === undefined) {
      throw new ApiError("badRequest", "VM has a Local SSD attached but an undefined value for `discard-local-ssd`.")
    }
    instance.status = via
    return cloud.begin(call, {
      type,
      target: instance,
      seconds: cloud.timing.stopSeconds,
      effect: () => cloud.terminated(instance, to),
      undo: () => instance.status === via && Object.assign(instance, { status: "RUNNING" })
    })
  }
}

function deleteInstance(cloud, call) {
  const instance = theInstance(cloud, call)
  const meta = instance[META]
  const { status } = instance
  if (instance.deletionProtection) {
    throw new ApiError("invalidResourceUsage", "Invalid resource usage: the resource is protected against deletion.")
  }
  const operation = cloud.begin(call, {
    type: "delete",
    target: instance,
    seconds: cloud.timing.deleteSeconds,
    effect: () => cloud.remove(instance),
    undo: () => Object.assign(instance, { status }) && delete meta.deleting
  })
  meta.deleting = true
  instance.status = "STOPPING"
  if (meta.operation.status !== "DONE") cloud.abort(meta.operation, new OperationError("OPERATION_CANCELED_BY_USER"))
  return operation
}

/** Changes one resource when the operation is done; `check` is asked now and again then. */
function change(cloud, call, resource, type, effect, check = () => {}) {
  check()
  return cloud.begin(call, {
    type,
    target: resource,
    effect: () => {
      cloud.mustExist(resource)
      try {
        check()
      } catch (error) {
        throw new OperationError(
          error.reason === "conditionNotMet" ? "CONDITION_NOT_MET" : "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE",
          { link: resource[META].link },
          error.message
        )
      }
      effect()
    }
  })
}

const setLabels =
  (kind, parameter = "resource") =>
  (cloud, call) => {
    const resource = get(kind, parameter)(cloud, call)
    const { labels = {}, labelFingerprint } = call.body
    checkLabels(labels)
    return change(
      cloud,
      call,
      resource,
      "setLabels",
      () => Object.assign(resource, { labels, labelFingerprint: fingerprint(labels) }),
      () => checkFingerprint(labelFingerprint, resource.labelFingerprint)
    )
  }

function setMetadata(cloud, call) {
  const instance = theInstance(cloud, call)
  const { items = [], fingerprint: given } = call.body
  checkMetadata(items)
  return change(
    cloud,
    call,
    instance,
    "setMetadata",
    () => {
      instance.metadata = { ...instance.metadata, items, fingerprint: fingerprint(items) }
    },
    () => checkFingerprint(given, instance.metadata.fingerprint)
  )
}

function setTags(cloud, call) {
  const instance = theInstance(cloud, call)
  const { items = [], fingerprint: given } = call.body
  checkTags(items)
  return change(
    cloud,
    call,
    instance,
    "setTags",
    () => {
      instance.tags = { ...(items.length && { items }), fingerprint: fingerprint(items) }
    },
    () => checkFingerprint(given, instance.tags.fingerprint)
  )
}

function setMachineType(cloud, call) {
  const instance = theInstance(cloud, call)
  const meta = instance[META]
  mustBe(instance, "TERMINATED")
  const type = cloud.planType(call, call.body.machineType, "resource.machineType", false)
  const { accelerator } = meta.place
  const sameGpu = type.gpu ? type.gpu.type === accelerator : !accelerator || type.family === "n1"
  if (!sameGpu) throw incompatible(accelerator ?? "no accelerator", type.name)
  for (const disk of instance.disks.filter((one) => one.source)) {
    const diskType = lastPart(cloud.sourceOf(disk).type)
    if (!diskTypeFits(diskType, type)) throw incompatible(diskType, type.name)
  }
  return change(cloud, call, instance, "setMachineType", () => {
    instance.machineType = `${BASE}projects/${call.project}/${call.scope}/machineTypes/${type.name}`
    if (type.gpu) instance.guestAccelerators[0].acceleratorCount = type.gpu.count
    meta.place.machineType = type.name
    Object.assign(meta.demand, { cpus: type.cpus, ...(type.gpu && { gpus: type.gpu.count }) })
  })
}

function attachDisk(cloud, call) {
  const instance = theInstance(cloud, call)
  const { body } = call
  mustBe(instance, "RUNNING", "TERMINATED")
  if (!body.source) throw invalid("resource.source", "", "A disk must be named.")
  if (instance.disks.some((disk) => disk.deviceName === body.deviceName)) {
    throw invalid("resource.deviceName", body.deviceName, "The name is taken.")
  }
  const source = cloud.linked(body.source, "disks", "resource.source", call.project)
  if (source[META].scope !== call.scope) {
    throw invalid("resource.source", body.source, `The disk must be in ${call.scope}.`)
  }
  return change(
    cloud,
    call,
    instance,
    "attachDisk",
    () => {
      const plan = {
        disk: body,
        boot: Boolean(body.boot),
        autoDelete: Boolean(body.autoDelete),
        deviceName: body.deviceName
      }
      instance.disks.push(cloud.attach(instance, source, plan, instance.disks.length))
    },
    () => cloud.refuseBusy(source, body.mode === "READ_ONLY")
  )
}

function diskByDevice(instance, deviceName) {
  const disk = instance.disks.find((one) => one.deviceName === deviceName)
  if (!disk) throw invalid("deviceName", deviceName, "No such disk is attached.")
  return disk
}

function detachDisk(cloud, call) {
  const instance = theInstance(cloud, call)
  const disk = diskByDevice(instance, call.query.deviceName)
  mustBe(instance, "TERMINATED", ...(disk.boot ? [] : ["RUNNING"]))
  return change(cloud, call, instance, "detachDisk", () => {
    cloud.detach(instance, disk)
    instance.disks = instance.disks.filter((one) => one !== disk)
  })
}

function insertDisk(cloud, call) {
  const { body, query } = call
  checkName(body.name)
  cloud.refuseTaken(call.project, call.scope, "disks", body.name)
  const plan = cloud.planNewDisk(call, { ...body, sourceImage: body.sourceImage ?? query.sourceImage }, "resource")
  const place = { project: call.project, zone: call.zone, region: regionOf(call.zone) }
  const { refusal } = cloud.admit(place, { ssdGb: ssdGigabytes(plan.type, plan.sizeGb) }, 1)
  const disk = cloud.addDisk(call, plan)
  return cloud.begin(call, {
    type: "insert",
    target: disk,
    error: refusal,
    effect: () => Object.assign(disk, { status: "READY" }),
    undo: () => cloud.drop(disk)
  })
}

function deleteDisk(cloud, call) {
  const disk = get("disks", "disk")(cloud, call)
  return change(
    cloud,
    call,
    disk,
    "delete",
    () => cloud.drop(disk),
    () => cloud.refuseBusy(disk, false)
  )
}

function resizeDisk(cloud, call) {
  const disk = get("disks", "disk")(cloud, call)
  const { sizeGb } = call.body
  if (!(Number(sizeGb) > Number(disk.sizeGb))) {
    throw invalid("sizeGb", sizeGb, `The new size must be larger than ${disk.sizeGb} GB.`)
  }
  return change(cloud, call, disk, "resize", () => {
    disk.sizeGb = String(sizeGb)
    disk[META].demand.ssdGb = ssdGigabytes(lastPart(disk.type), sizeGb)
  })
}

/** disks.createSnapshot (an operation on the disk) and snapshots.insert (on the snapshot). */
function makeSnapshot(cloud, call, disk, type) {
  const { name, description, labels = {}, storageLocations = ["us"] } = call.body
  checkName(name)
  checkLabels(labels)
  cloud.refuseTaken(call.project, "global", "snapshots", name)
  if (disk.status !== "READY") throw notReady(disk[META].link)
  const snapshot = cloud.add(call.project, "global", "snapshots", {
    name,
    ...(description && { description }),
    status: "CREATING",
    labels,
    labelFingerprint: fingerprint(labels),
    sourceDisk: disk.selfLink,
    sourceDiskId: disk.id,
    diskSizeGb: disk.sizeGb,
    storageLocations,
    snapshotType: "STANDARD",
    ...(disk.architecture && { architecture: disk.architecture })
  })
  return cloud.begin(call, {
    type,
    target: type === "insert" ? snapshot : disk,
    effect: () => Object.assign(snapshot, { status: "READY", storageBytes: "1073741824", storageBytesStatus: "UP_TO_DATE" }),
    undo: () => cloud.drop(snapshot)
  })
}

function insertMachineImage(cloud, call) {
  const { name, sourceInstance = call.query.sourceInstance, description, storageLocations = ["us"] } = call.body
  checkName(name)
  cloud.refuseTaken(call.project, "global", "machineImages", name)
  const instance = cloud.linked(sourceInstance ?? "", "instances", "resource.sourceInstance", call.project)
  mustBe(instance, "RUNNING", "TERMINATED")
  const kept = instance.disks.filter((disk) => disk.source)
  const sources = kept.map((disk) => cloud.sourceOf(disk))
  const saved = kept.map(({ boot, autoDelete, deviceName }, index) => ({
    boot,
    autoDelete,
    deviceName,
    saved: {
      diskSizeGb: sources[index].sizeGb,
      diskType: lastPart(sources[index].type),
      architecture: sources[index].architecture
    }
  }))
  const { canIpForward, scheduling, labels, tags, metadata, serviceAccounts, networkInterfaces, guestAccelerators } = instance
  const image = cloud.add(
    call.project,
    "global",
    "machineImages",
    {
      name,
      ...(description && { description }),
      status: "CREATING",
      sourceInstance: instance.selfLink,
      storageLocations,
      totalStorageBytes: "1073741824",
      sourceInstanceProperties: {
        machineType: lastPart(instance.machineType),
        scheduling,
        labels,
        metadata,
        serviceAccounts,
        tags: { items: tags.items ?? [] },
        ...(canIpForward && { canIpForward }),
        ...(guestAccelerators && { guestAccelerators }),
        networkInterfaces: networkInterfaces.map(({ network, subnetwork }) => ({ network, subnetwork }))
      },
      savedDisks: sources.map((disk) => ({
        kind: "compute#savedDisk",
        sourceDisk: disk.selfLink,
        storageBytes: "1073741824"
      }))
    },
    {
      disks: saved,
      interfaces: networkInterfaces.map(({ network, accessConfigs }) => ({
        network,
        ...(accessConfigs && { accessConfigs: [{ type: "ONE_TO_ONE_NAT" }] })
      }))
    }
  )
  return cloud.begin(call, {
    type: "insert",
    target: image,
    effect: () => Object.assign(image, { status: "READY" }),
    undo: () => cloud.drop(image)
  })
}

/** What an instance takes from a machine image where its own body says nothing. */
function fromMachineImage(call, image) {
  const { machineType: name, scheduling, labels, tags, metadata, serviceAccounts, guestAccelerators } = image.sourceInstanceProperties
  if (image.status !== "READY") throw notReady(image[META].link)
  return {
    machineType: `${call.scope}/machineTypes/${name}`,
    scheduling,
    labels,
    tags,
    metadata: { items: metadata.items },
    serviceAccounts,
    networkInterfaces: image[META].interfaces,
    ...(guestAccelerators && {
      guestAccelerators: guestAccelerators.map((one) => ({
        ...one,
        acceleratorType: `${call.scope}/acceleratorTypes/${lastPart(one.acceleratorType)}`
      }))
    })
  }
}

const remove = (kind, parameter) => (cloud, call) => {
  const resource = get(kind, parameter)(cloud, call)
  return cloud.begin(call, {
    type: "delete",
    target: resource,
    effect: () => cloud.mustExist(resource) || cloud.drop(resource)
  })
}

function insertNetwork(cloud, call) {
  const { body } = call
  checkName(body.name)
  cloud.seed(call.project)
  cloud.refuseTaken(call.project, "global", "networks", body.name)
  if (body.IPv4Range) throw invalid("resource.IPv4Range", body.IPv4Range, "Legacy networks can no longer be created.")
  const network = cloud.addNetwork(call.project, body)
  return cloud.begin(call, { type: "insert", target: network, undo: () => dropNetwork(cloud, network) })
}

function dropNetwork(cloud, network) {
  for (const subnetwork of cloud.all("subnetworks", network[META].project)) {
    if (subnetwork.network === network.selfLink) cloud.drop(subnetwork)
  }
  cloud.drop(network)
}

/** A network in use is refused, as in GCE, when the operation runs. */
function deleteNetwork(cloud, call) {
  const network = get("networks", "network")(cloud, call)
  const { project } = call
  return cloud.begin(call, {
    type: "delete",
    target: network,
    effect: () => {
      cloud.mustExist(network)
      const user =
        [...cloud.all("firewalls", project)].find((rule) => rule.network === network.selfLink) ??
        [...cloud.all("instances", project)].find((instance) =>
          instance.networkInterfaces.some((one) => one.network === network.selfLink)
        ) ??
        (network.autoCreateSubnetworks ? undefined : [...cloud.all("subnetworks", project)].find((one) => one.network === network.selfLink))
      if (user) {
        throw new OperationError("RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", {
          link: network[META].link,
          user: user[META].link
        })
      }
      dropNetwork(cloud, network)
    }
  })
}

function insertSubnetwork(cloud, call) {
  const { body } = call
  checkName(body.name)
  cloud.refuseTaken(call.project, call.scope, "subnetworks", body.name)
  if (!CIDR.test(body.ipCidrRange ?? "") || !body.ipCidrRange.includes("/")) {
    throw invalid("resource.ipCidrRange", body.ipCidrRange ?? "", "Must be a CIDR address range.")
  }
  const network = cloud.linked(body.network ?? "", "networks", "resource.network", call.project)
  const subnetwork = cloud.addSubnetwork(call.project, call.scope, body, network)
  const undo = () => {
    network.subnetworks = network.subnetworks.filter((link) => link !== subnetwork.selfLink)
    cloud.drop(subnetwork)
  }
  return cloud.begin(call, { type: "insert", target: subnetwork, undo })
}

function deleteSubnetwork(cloud, call) {
  const subnetwork = get("subnetworks", "subnetwork")(cloud, call)
  return cloud.begin(call, {
    type: "delete",
    target: subnetwork,
    effect: () => {
      cloud.mustExist(subnetwork)
      const user = [...cloud.all("instances", call.project)].find((instance) =>
        instance.networkInterfaces.some((one) => one.subnetwork === subnetwork.selfLink)
      )
      if (user) {
        throw new OperationError("RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", {
          link: subnetwork[META].link,
          user: user[META].link
        })
      }
      const network = cloud.linked(subnetwork.network, "networks", "network", call.project)
      network.subnetworks = network.subnetworks.filter((link) => link !== subnetwork.selfLink)
      cloud.drop(subnetwork)
    }
  })
}

function insertFirewall(cloud, call) {
  const body = { network: "global/networks/default", ...call.body }
  checkFirewall(body)
  cloud.seed(call.project)
  cloud.refuseTaken(call.project, "global", "firewalls", body.name)
  const open = (body.direction ?? "INGRESS") === "INGRESS" && !body.sourceRanges && !body.sourceTags && !body.sourceServiceAccounts
  const firewall = cloud.addFirewall(call.project, { ...(open && { sourceRanges: ["0.0.0.0/0"] }), ...body })
  return cloud.begin(call, { type: "insert", target: firewall, undo: () => cloud.drop(firewall) })
}

function patchFirewall(cloud, call) {
  const firewall = get("firewalls", "firewall")(cloud, call)
  const { network, ...changes } = call.body
  if (network && cloud.linked(network, "networks", "resource.network", call.project).selfLink !== firewall.network) {
    throw invalid("resource.network", network, "The network of a rule cannot be changed.")
  }
  checkFirewall({ ...firewall, ...changes })
  if (changes.name && changes.name !== firewall.name) {
    throw invalid("resource.name", changes.name, "The name of a rule cannot be changed.")
  }
  return change(cloud, call, firewall, call.action.endsWith("patch") ? "patch" : "update", () => Object.assign(firewall, changes))
}

function getProject(cloud, call) {
  cloud.seed(call.project)
  return {
    kind: "compute#project",
    id: "123456789012",
    name: call.project,
    creationTimestamp: "2020-01-01T00:00:00.000-07:00",
    selfLink: `${BASE}projects/${call.project}`,
    commonInstanceMetadata: cloud.projectMetadata.get(call.project),
    quotas: cloud.globalQuotas(call.project),
    defaultNetworkTier: "PREMIUM",
    defaultServiceAccount: "123456789012-compute@developer.gserviceaccount.com",
    xpnProjectStatus: "UNSPECIFIED_XPN_PROJECT_STATUS"
  }
}

function setCommonInstanceMetadata(cloud, call) {
  const { items = [], fingerprint: given } = call.body
  const { project } = call
  cloud.seed(project)
  checkMetadata(items)
  checkFingerprint(given, cloud.projectMetadata.get(project).fingerprint)
  return cloud.begin(call, {
    type: "compute.projects.setCommonInstanceMetadata",
    targetLink: `projects/${project}`,
    effect: () => cloud.projectMetadata.set(project, { kind: "compute#metadata", fingerprint: fingerprint(items), items })
  })
}

async function waitFor(cloud, call) {
  const operation = get("operations", "operation")(cloud, call)
  if (operation.status !== "DONE") {
    await Promise.race([new Promise((resolve) => operation[META].waiters.push(resolve)), sleep(cloud.timing.waitSeconds)])
  }
  return operation
}

function deleteOperation(cloud, call) {
  const operation = get("operations", "operation")(cloud, call)
  if (operation.status !== "DONE") throw notReady(operation[META].link)
  cloud.drop(operation)
  return null
}

function serialPort(cloud, call) {
  const instance = theInstance(cloud, call)
  const { port = 1, start = 0 } = call.query
  if (port < 1 || port > 4) throw invalid("port", port, "It must be between 1 and 4.")
  const all = port === 1 ? (instance[META].serial ?? "") : ""
  const from = Math.min(Number(start), all.length)
  return {
    kind: "compute#serialPortOutput",
    selfLink: `${instance.selfLink}/serialPort`,
    contents: all.slice(from),
    start: String(from),
    next: String(all.length)
  }
}

const notHere = (what) => new ApiError("notImplemented", `strict_gce does not know ${what}.`, 501)

const operationsOf = (resource, kind) => ({
  [`${resource}.get`]: get("operations", "operation"),
  [`${resource}.wait`]: waitFor,
  [`${resource}.delete`]: deleteOperation,
  [`${resource}.list`]: list(kind)
})

const HANDLERS = {
  "instances.insert": insertInstance,
  "instances.bulkInsert": bulkInsert,
  "instances.get": theInstance,
  "instances.list": list("instances"),
  "instances.aggregatedList": aggregatedList("instances", zoneScopes),
  "instances.start": startInstance("start", "TERMINATED"),
  "instances.resume": startInstance("resume", "SUSPENDED"),
  "instances.stop": stopInstance("stop", "STOPPING", "TERMINATED"),
  "instances.suspend": stopInstance("suspend", "SUSPENDING", "SUSPENDED"),
  "instances.delete": deleteInstance,
  "instances.reset": (cloud, call) => {
    const instance = theInstance(cloud, call)
    mustBe(instance, "RUNNING")
    return change(cloud, call, instance, "reset", () => {})
  },
  "instances.setLabels": setLabels("instances", "instance"),
  "instances.setMetadata": setMetadata,
  "instances.setTags": setTags,
  "instances.setMachineType": setMachineType,
  "instances.attachDisk": attachDisk,
  "instances.detachDisk": detachDisk,
  "instances.setScheduling": (cloud, call) => {
    const instance = theInstance(cloud, call)
    const { place } = instance[META]
    const scheduling = planScheduling({ ...instance.scheduling, ...call.body }, place.accelerator, "resource", cloud.clock.now())
    if (scheduling.provisioningModel !== instance.scheduling.provisioningModel) {
      throw invalid("resource.provisioningModel", scheduling.provisioningModel, "It cannot be changed.")
    }
    return change(cloud, call, instance, "setScheduling", () => Object.assign(instance, { scheduling }))
  },
  "instances.setServiceAccount": (cloud, call) => {
    const instance = theInstance(cloud, call)
    const { email, scopes } = call.body
    mustBe(instance, "TERMINATED")
    return change(cloud, call, instance, "setServiceAccount", () => {
      instance.serviceAccounts = email ? [{ email, scopes }] : []
    })
  },
  "instances.setDiskAutoDelete": (cloud, call) => {
    const instance = theInstance(cloud, call)
    const disk = diskByDevice(instance, call.query.deviceName)
    return change(cloud, call, instance, "setDiskAutoDelete", () => {
      disk.autoDelete = call.query.autoDelete
    })
  },
  "instances.setDeletionProtection": (cloud, call) => {
    const instance = get("instances", "resource")(cloud, call)
    return change(cloud, call, instance, "setDeletionProtection", () => {
      instance.deletionProtection = call.query.deletionProtection ?? true
    })
  },
  "instances.getSerialPortOutput": serialPort,
  "disks.insert": insertDisk,
  "disks.get": get("disks", "disk"),
  "disks.list": list("disks"),
  "disks.aggregatedList": aggregatedList("disks", (cloud) => [...regionScopes(cloud), ...zoneScopes(cloud)]),
  "disks.delete": deleteDisk,
  "disks.resize": resizeDisk,
  "disks.setLabels": setLabels("disks"),
  "disks.createSnapshot": (cloud, call) => makeSnapshot(cloud, call, get("disks", "disk")(cloud, call), "createSnapshot"),
  "snapshots.insert": (cloud, call) =>
    makeSnapshot(cloud, call, cloud.linked(call.body.sourceDisk ?? "", "disks", "resource.sourceDisk", call.project), "insert"),
  "snapshots.get": get("snapshots", "snapshot"),
  "snapshots.list": list("snapshots"),
  "snapshots.delete": remove("snapshots", "snapshot"),
  "snapshots.setLabels": setLabels("snapshots"),
  "machineImages.insert": insertMachineImage,
  "machineImages.get": get("machineImages", "machineImage"),
  "machineImages.list": list("machineImages"),
  "machineImages.delete": remove("machineImages", "machineImage"),
  "images.get": get("images", "image"),
  "images.list": list("images"),
  "images.getFromFamily": (cloud, call) => {
    const image = cloud.newest(call.project, call.params.family)
    if (!image) throw notFound(`projects/${call.project}/global/images/family/${call.params.family}`)
    return image
  },
  "zones.get": getFixed("zones", "zone"),
  "zones.list": list("zones"),
  "regions.get": getFixed("regions", "region"),
  "regions.list": list("regions"),
  "machineTypes.get": getFixed("machineTypes", "machineType"),
  "machineTypes.list": list("machineTypes"),
  "machineTypes.aggregatedList": aggregatedList("machineTypes", zoneScopes),
  "acceleratorTypes.get": getFixed("acceleratorTypes", "acceleratorType"),
  "acceleratorTypes.list": list("acceleratorTypes"),
  "acceleratorTypes.aggregatedList": aggregatedList("acceleratorTypes", zoneScopes),
  "diskTypes.get": getFixed("diskTypes", "diskType"),
  "diskTypes.list": list("diskTypes"),
  "projects.get": getProject,
  "projects.setCommonInstanceMetadata": setCommonInstanceMetadata,
  "networks.insert": insertNetwork,
  "networks.get": get("networks", "network"),
  "networks.list": list("networks"),
  "networks.delete": deleteNetwork,
  "networks.getEffectiveFirewalls": (cloud, call) => {
    const network = get("networks", "network")(cloud, call)
    return {
      firewalls: [...cloud.all("firewalls", call.project)].filter((rule) => rule.network === network.selfLink),
      firewallPolicys: []
    }
  },
  "subnetworks.insert": insertSubnetwork,
  "subnetworks.get": get("subnetworks", "subnetwork"),
  "subnetworks.list": list("subnetworks"),
  "subnetworks.aggregatedList": aggregatedList("subnetworks", regionScopes),
  "subnetworks.delete": deleteSubnetwork,
  "firewalls.insert": insertFirewall,
  "firewalls.get": get("firewalls", "firewall"),
  "firewalls.list": list("firewalls"),
  "firewalls.patch": patchFirewall,
  "firewalls.update": patchFirewall,
  "firewalls.delete": remove("firewalls", "firewall"),
  "reservations.list": list("reservations"),
  "reservations.aggregatedList": aggregatedList("reservations", zoneScopes),
  ...operationsOf("zoneOperations", "operations"),
  ...operationsOf("regionOperations", "operations"),
  ...operationsOf("globalOperations", "operations"),
  "globalOperations.aggregatedList": aggregatedList("operations", (cloud) => ["global", ...regionScopes(cloud), ...zoneScopes(cloud)])
}

/** `items(name,status),nextPageToken` or `items/name`: what a partial reply holds. */
function select(value, fields) {
  const tree = parseFields(fields)
  const pick = (part, node) => {
    if (Array.isArray(part)) return part.map((one) => pick(one, node))
    if (!isObject(part) || !node.size) return part
    return Object.fromEntries(
      Object.entries(part)
        .filter(([key]) => node.has(key) || node.has("*"))
        .map(([key, inner]) => [key, pick(inner, node.get(key) ?? node.get("*"))])
    )
  }
  return pick(value, tree)
}

function parseFields(text) {
  let position = 0
  const refuse = () => {
    throw invalid("fields", text, "Invalid field selection.")
  }
  const take = (pattern) => {
    pattern.lastIndex = position
    const found = pattern.exec(text)?.[0]
    position += found?.length ?? 0
    return found
  }
  const path = (node) => {
    const inner = new Map()
    node.set(take(/[\w*]+/y) ?? refuse(), inner)
    if (take(/\//y)) path(inner)
    else if (take(/\(/y)) {
      paths(inner)
      take(/\)/y) ?? refuse()
    }
  }
  const paths = (node) => {
    do path(node)
    while (take(/,/y))
  }
  const root = new Map()
  paths(root)
  return position < text.length ? refuse() : root
}

/** HTTP: faults, journal and /strict, before and after the methods. */
class Server {
  constructor(cloud, checkReplies) {
    this.cloud = cloud
    this.checkReplies = checkReplies
  }

  async serve(request, response) {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const url = new URL(request.url, "http://localhost")
    const text = Buffer.concat(chunks).toString()
    if (url.pathname.startsWith("/strict/")) {
      const [status, body] = this.control(request.method, url.pathname.slice("/strict/".length).split("/"), text)
      return this.send(response, status, `${JSON.stringify(body, null, 1)}\n`)
    }
    const [, tested] = /^\/v1\/projects\/([^/:]+):testIamPermissions$/.exec(url.pathname) ?? []
    if (tested) {
      const permissions = readJson(text).permissions.filter((name) => this.may(name))
      return this.send(response, 200, JSON.stringify(permissions.length === 0 ? {} : { permissions }))
    }
    this.cloud.clock.settle()
    const startedMs = Date.now()
    const row = { atMs: startedMs, tookMs: 0, action: null, status: 0, reason: "dropped" }
    try {
      const shown = await this.answer(request.method, url, text, row, request.headers.authorization === undefined)
      Object.assign(row, { status: shown === null ? 204 : 200, reason: null })
      this.send(response, row.status, shown)
    } catch (error) {
      if (error instanceof Dropped) return request.socket.destroy()
      const refusal = error instanceof ApiError ? error : new ApiError("internalError", `strict_gce failed: ${error.stack}`)
      Object.assign(row, { status: refusal.status, reason: refusal.reason })
      this.send(response, refusal.status, JSON.stringify(refusal.body()))
    } finally {
      row.tookMs = Date.now() - startedMs
      this.cloud.calls.push(row)
      if (this.cloud.calls.length > JOURNAL_ROWS) this.cloud.calls.shift()
    }
  }

  may(permission) {
    const { denied, granted } = this.cloud
    return (granted === null || granted.includes(permission)) && !denied.includes(permission)
  }

  /** Of images and the like that are there for everybody nobody needs a right. */
  checkRights({ action, body, place, project }) {
    const lacking = PUBLIC_PROJECTS.includes(project) ? undefined : rightsOf(action, project, body).find((name) => !this.may(name))
    if (lacking) throw ApiError.at(place, "forbidden", `Required '${lacking}' permission for '${place.link}'`)
  }

  /** `isOwner`: at the console, who may do all. */
  async answer(verb, url, text, row, isOwner) {
    const { cloud } = this
    const { api } = cloud
    const [, path] = /^\/compute\/v1\/(.*)$/.exec(url.pathname) ?? []
    const { route, values } = (path && api.match(verb, path.split("/").map(decodeURIComponent))) || {}
    if (!route) throw new ApiError("notFound", `There is no ${verb} ${url.pathname}.`)
    const params = Object.fromEntries(route.names.map((name, index) => [name, values[index]]))
    const scope = params.zone ? `zones/${params.zone}` : params.region ? `regions/${params.region}` : "global"
    const call = {
      route,
      action: route.action,
      params,
      project: params.project,
      zone: params.zone,
      region: params.region,
      scope,
      body: route.request ? readJson(text) : undefined
    }
    call.place = this.placeOf(call)
    Object.assign(row, {
      action: call.action,
      project: call.project,
      scope,
      name: call.place.name ?? null,
      requestId: url.searchParams.get("requestId"),
      query: Object.fromEntries(url.searchParams),
      body: brief(call.body)
    })
    const fault = cloud.takeFault(call.action, call.place, false)
    if (fault && !fault.afterEffect) await this.strike(fault, call)
    if (!isOwner) this.checkRights(call)
    const shown = await this.work(call, url, row)
    if (fault?.afterEffect) await this.strike(fault, call)
    return shown
  }

  /** The reply as text, so that nothing that happens from now on shows in it. */
  async work(call, url, row) {
    const { cloud } = this
    const { api } = cloud
    const { route } = call
    api.checkPath(route, call.params)
    call.query = api.checkQuery(route, url.searchParams)
    if (route.request) call.body = api.clean(route.request, call.body, "resource")
    this.checkPlace(call)
    const { requestId, fields } = call.query
    const handler = HANDLERS[call.action]
    if (!handler) throw notHere(call.action)
    const replayed = requestId !== undefined && this.replay(call, requestId)
    const result = replayed || (await handler(cloud, call))
    if (requestId && !replayed) {
      cloud.requests.set(`${call.project} ${requestId}`, {
        asked: this.asked(call),
        operation: result,
        at: cloud.clock.now()
      })
    }
    if (result === null) return null
    if (result.kind === "compute#operation") row.operation = result.name
    const shown = JSON.stringify(result)
    if (this.checkReplies) api.clean(route.response, JSON.parse(shown), "reply", true)
    return fields ? JSON.stringify(select(JSON.parse(shown), fields)) : shown
  }

  asked({ action, params, query: { requestId, ...query }, body }) {
    return { action, params, query, body }
  }

  /** The operation that this request id stands for already. */
  replay(call, requestId) {
    if (!UUID.test(requestId) || ZERO_UUID.test(requestId)) {
      throw invalid("requestId", requestId, "It must be a UUID and not zero.")
    }
    const key = `${call.project} ${requestId}`
    const known = this.cloud.requests.get(key)
    if (!known || known.at + REQUEST_ID_SECONDS * 1000 < this.cloud.clock.now()) return undefined
    if (!isDeepStrictEqual(known.asked, this.asked(call))) {
      throw invalid("requestId", requestId, "It has been used for another request.")
    }
    return known.operation
  }

  checkPlace({ action, project, zone, region }) {
    const { catalog } = this.cloud
    if (zone && action !== "zones.get" && !catalog.zones.has(zone)) throw invalid("zone", zone, "Unknown zone.")
    if (region && action !== "regions.get" && !catalog.regions.includes(region)) {
      throw invalid("region", region, "Unknown region.")
    }
    if (PUBLIC_PROJECTS.includes(project) && !/^(images|projects)\.(get|list|getFromFamily)$/.test(action)) {
      throw ApiError.at({ action, link: `projects/${project}` }, "forbidden")
    }
  }

  /** Where a call wants to act, and on what. */
  placeOf({ action, params, project, zone, region, scope, body }) {
    const [resource] = action.split(".")
    const wanted = isObject(body?.instanceProperties) ? body.instanceProperties : isObject(body) ? body : {}
    const name =
      params[
        Object.keys(params)
          .filter((key) => !["project", "zone", "region"].includes(key))
          .pop()
      ] ?? body?.name
    const known = resource === "instances" && name && this.cloud.bucket(project, scope, "instances").get(name)
    const accelerator = wanted.guestAccelerators?.[0]?.acceleratorType
    const machine = wanted.machineType && lastPart(wanted.machineType)
    return {
      action,
      project,
      zone,
      region: region ?? (zone && regionOf(zone)),
      name,
      machineType: machine,
      accelerator: accelerator ? lastPart(accelerator) : this.cloud.catalog.types.get(machine)?.gpu?.type,
      spot: wanted.scheduling?.provisioningModel === "SPOT" || wanted.scheduling?.preemptible === true,
      ...known?.[META]?.place,
      link: `projects/${project}${resource === "projects" ? "" : `/${scope}/${resource}${name ? `/${name}` : ""}`}`
    }
  }

  async strike(fault, call) {
    if (fault.delaySeconds) await sleep(fault.delaySeconds)
    while (fault.held && this.cloud.faults.includes(fault)) await sleep(0.02)
    this.cloud.clock.settle()
    if (fault.drop) throw new Dropped()
    if (fault.reason) throw ApiError.at(call.place, fault.reason, fault.message, fault.status)
  }

  control(method, [name, ...rest], text) {
    const { cloud } = this
    try {
      const data = text ? JSON.parse(text) : {}
      const rows = [data].flat()
      cloud.clock.settle()
      const target = [method, name, rest.length].join(" ")
      const known = {
        "POST faults 0": () => cloud.faults.push(...rows.map((row) => new Fault(row))),
        "DELETE faults 0": () => {
          cloud.faults = []
        },
        "PUT capacity 0": () => {
          cloud.limits = rows.map((row) => new Limit(row))
        },
        "PUT visibility 0": () => {
          cloud.timing = {
            ...TIMING,
            ...checked(data, Object.fromEntries(Object.keys(TIMING).map((key) => [key, "number"])), "visibility")
          }
        },
        "PUT addresses 0": () => {
          cloud.addresses.pools = {
            internal: [],
            external: [],
            ...checked(data, { internal: "object", external: "object" }, "addresses")
          }
        },
        "PUT denied 0": () => {
          cloud.denied = rows
        },
        "GET denied 0": () => {},
        "PUT granted 0": () => {
          cloud.granted = rows
        },
        "GET granted 0": () => {},
        "PUT silent 0": () => {
          cloud.silent = rows
        },
        "GET silent 0": () => {},
        "POST clock 0": () =>
          cloud.clock.advance(checked({ advanceSeconds: undefined, ...data }, { advanceSeconds: "number" }, "clock").advanceSeconds),
        "DELETE calls 0": () => {
          cloud.calls = []
        },
        "POST reset 0": () => cloud.reset(),
        "POST instances 2": () => this.happen(rest, data),
        "POST instances 4": () => this.happen(rest, data),
        "GET faults 0": () => {},
        "GET capacity 0": () => {},
        "GET visibility 0": () => {},
        "GET addresses 0": () => {},
        "GET clock 0": () => {},
        "GET calls 0": () => {},
        "GET instances 0": () => {},
        "GET disks 0": () => {}
      }[target]
      if (!known) throw new TypeError(`there is no ${method} /strict/${[name, ...rest].join("/")}`)
      known()
      return [200, cloud.show(name) ?? {}]
    } catch (error) {
      return [400, { error: String(error) }]
    }
  }

  /** NAME/VERB, or PROJECT/ZONE/NAME/VERB where a name is not unique. */
  happen(path, data) {
    const verb = path.pop()
    const name = path.pop()
    const [project, zone] = path
    if (!["shutdown", "preempt", "fail", "forget"].includes(verb)) throw new TypeError(`there is no ${verb}`)
    const found = [...this.cloud.all("instances")].filter(
      (one) => one.name === name && (!project || (one[META].project === project && one[META].zone === zone))
    )
    if (found.length !== 1) throw new TypeError(`there are ${found.length} instances ${name}`)
    const { code } = checked(data, verb === "fail" ? { code: "string" } : {}, verb)
    this.cloud.happen(found[0], verb, code)
  }

  send(response, status, text) {
    const date = new Date(this.cloud.clock.now()).toUTCString()
    response.writeHead(status, text === null ? {} : { "content-type": "application/json; charset=UTF-8", server: "ESF", date })
    response.end(text)
  }
}

class Dropped extends Error {}

function readJson(text) {
  try {
    return text ? JSON.parse(text) : {}
  } catch {
    throw new ApiError("badRequest", "Invalid JSON payload received.")
  }
}

/** A body for the journal: long texts and the values of metadata are cut. */
function brief(body) {
  const cut = (value, limit) => (typeof value === "string" && value.length > limit ? `(${value.length} characters)` : value)
  const walk = (value, inMetadata) => {
    if (Array.isArray(value)) return value.map((one) => walk(one, inMetadata))
    if (!isObject(value)) return cut(value, JOURNAL_CHARACTERS)
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [
        key,
        inMetadata && key === "value" ? cut(one, 0) : walk(one, inMetadata || key === "metadata")
      ])
    )
  }
  return walk(body, false)
}

const unpacked = (file) => gunzipSync(readFileSync(file)).toString()

function main() {
  const text = { type: "string" }
  const flag = { type: "boolean", default: false }
  const { values } = parseArgs({
    options: {
      port: { ...text, default: "0" },
      host: { ...text, default: "127.0.0.1" },
      "exit-with-stdin": flag,
      "check-replies": flag,
      discovery: { ...text, default: new URL("gce/compute.v1.json.gz", import.meta.url).pathname },
      catalog: { ...text, default: new URL("gce/vms.csv.gz", import.meta.url).pathname }
    }
  })
  if (!/^(127\.|localhost$)/.test(values.host)) {
    console.error("strict_gce listens on loopback only")
    process.exit(1)
  }
  const cloud = new Cloud(new Api(JSON.parse(unpacked(values.discovery))), new Catalog(unpacked(values.catalog)))
  const server = new Server(cloud, values["check-replies"])
  const http = createServer({ keepAliveTimeout: 60_000 }, (request, response) =>
    server.serve(request, response).catch(() => request.socket.destroy())
  )
  http.listen(Number(values.port), values.host, () => console.log(`listening on http://${values.host}:${http.address().port}`))
  process.on("SIGTERM", () => process.exit(0))
  if (values["exit-with-stdin"]) process.stdin.on("end", () => process.exit(0)).resume()
}

main()
