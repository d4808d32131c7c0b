/** Newer catalogs from a real web server on this machine, and all that such a server can do wrong. */
import { createHash } from "node:crypto"
import { mkdtempSync, readdirSync, utimesSync, writeFileSync } from "node:fs"
import { createServer, type RequestListener, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { brotliCompressSync, gzipSync } from "node:zlib"
import { afterAll, assert, describe, it } from "vitest"
import { openCatalogs } from "../../../daemon/catalog/Catalogs.ts"
import { updateCatalog } from "../../../daemon/catalog/update.ts"
import { packedFolder } from "./packed.ts"

const head = "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,AvailabilityZone,Arch\n"
const row = (n: number) => `m6i.large,,,2.0,8.0,,0.09${n},0.03,us-east-1,use1-az${n},x86_64\n`
const list = head + [1, 2, 3, 4].map(row).join("")
const nowMs = Date.parse("2026-11-26T12:00:00Z")

const servers: Array<() => void> = []
afterAll(() => {
  for (const close of servers) close()
})
const serve = async (answer: RequestListener): Promise<string> => {
  const server = createServer(answer)
  servers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/vms.csv`
}

/** As a server of HTTP/1.0 answers: the list is over where the connection is. */
const unframed = ({ socket }: ServerResponse, header = "") => socket?.end(`HTTP/1.0 200 OK\r\n${header}Connection: close\r\n\r\n${list}`)

const scene = () => {
  const own = mkdtempSync(join(tmpdir(), "skyd-"))
  const catalogs = openCatalogs(packedFolder, own)
  const signal = new AbortController().signal
  const update = (from: string | null, more: { sha256?: string; places?: ReadonlyArray<() => string>; silentMaxMs?: number } = {}) => {
    const { places, sha256 = null, silentMaxMs = 5000 } = more
    return updateCatalog(catalogs, { cloud: "aws", from, sha256 }, nowMs, signal, {
      ...(places === undefined ? {} : { places }),
      waits: { silentMaxMs, maxMs: 20_000, maxBytes: 2 * 1024 * 1024 }
    })
  }
  return { own, catalogs, update }
}

describe("a newer catalog", () => {
  it("takes the place of the old one, with the day of its prices", async () => {
    const { catalogs, update } = scene()
    const url = await serve((_, response) => response.setHeader("last-modified", "Tue, 24 Nov 2026 08:00:00 GMT").end(list))
    const reason = `it has 1 type, where ${catalogs.about("aws")!.types} were known: sky catalog reset aws`
    assert.deepStrictEqual(await update(url), { cloud: "aws", status: "updated", reason })
    assert.deepInclude(catalogs.about("aws"), { date: "2026-11-24", types: 1, source: { url, etag: null } })
    assert.strictEqual(catalogs.of("aws")?.usdPerHour({ instanceType: "m6i.large", useSpot: false }), 0.091)
    assert.strictEqual(catalogs.of("gcp")?.date, "2026-05-20")
    assert.include(catalogs.of("aws")!.imageTags, "ubuntu-2204")
  })

  it("that ends with its connection is whole where its sha256 is known", async () => {
    const { update } = scene()
    const url = await serve((_, response) => void unframed(response))
    assert.strictEqual((await update(url, { sha256: createHash("sha256").update(list).digest("hex") })).status, "updated")
  })

  it("is not fetched again while the server has no other", async () => {
    const { catalogs, update } = scene()
    const asked: Array<string | undefined> = []
    const url = await serve((request, response) => {
      asked.push(request.headers["if-none-match"])
      if (request.headers["if-none-match"] === '"one"') response.writeHead(304).end()
      else response.setHeader("etag", '"one"').end(list)
    })
    assert.strictEqual((await update(url)).status, "updated")
    assert.strictEqual((await update(url)).status, "unchanged")
    assert.deepStrictEqual(asked, [undefined, '"one"'])
    assert.deepInclude(catalogs.about("aws"), { date: "2026-11-26", types: 1 })
  })

  it("is none where it is the same, whatever the server says of that; another day of the same prices is news", async () => {
    const { catalogs, update } = scene()
    let modified = "Tue, 24 Nov 2026 08:00:00 GMT"
    const url = await serve((_, response) => response.setHeader("last-modified", modified).end(list))
    assert.strictEqual((await update(url)).status, "updated")
    assert.strictEqual((await update(url)).status, "unchanged")
    modified = "Wed, 25 Nov 2026 08:00:00 GMT"
    assert.strictEqual((await update(url)).status, "updated")
    assert.deepInclude(catalogs.about("aws"), { date: "2026-11-25" })
  })

  it("comes over other addresses, and packed", async () => {
    const { update } = scene()
    const ways = [
      [gzipSync(list), "gzip"],
      [Buffer.concat([gzipSync(list.slice(0, 100)), gzipSync(list.slice(100))]), "gzip"],
      [brotliCompressSync(list), "br"]
    ] as const
    for (const [bytes, encoding] of ways) {
      const url = await serve((request, response) => {
        assert.include(request.headers["accept-encoding"], encoding)
        response.setHeader("content-encoding", encoding).end(bytes)
      })
      const moved = await serve((request, response) =>
        request.url === "/vms.csv"
          ? response.writeHead(302, { location: "/there" }).end()
          : response.writeHead(307, { location: url }).end()
      )
      assert.deepInclude(await update(moved), { status: "updated" })
    }
  })

  it("is kept and told without the passwords and keys of its address", async () => {
    const { catalogs, update } = scene()
    const asked: Array<readonly unknown[]> = []
    const url = await serve(({ headers, url: path }, response) => {
      asked.push([headers.authorization, path, headers["if-none-match"]])
      response.setHeader("etag", '"one"')
      if (path?.includes("wrong")) response.writeHead(403).end()
      else response.end(list)
    })
    const secret = `${url.replace("//", "//bob:hunter2@")}?token=sesame`
    assert.strictEqual((await update(secret)).status, "updated")
    await update(secret)
    const basic = `Basic ${Buffer.from("bob:hunter2").toString("base64")}`
    assert.deepStrictEqual(asked, [
      [basic, "/vms.csv?token=sesame", undefined],
      [basic, "/vms.csv?token=sesame", '"one"']
    ])
    assert.strictEqual(catalogs.about("aws")?.source?.url, `${url}?***`)
    const { reason } = await update(`${secret}wrong`)
    assert.strictEqual(reason, `${url}?***: the server answers 403 Forbidden`)
  })

  it("is of today where what says its day knows no time", async () => {
    const { catalogs, own, update } = scene()
    const url = await serve((_, response) => response.setHeader("last-modified", "Fri, 01 Jan 1600 00:00:00 GMT").end(list))
    assert.strictEqual((await update(url)).status, "updated")
    assert.deepInclude(catalogs.about("aws"), { date: "2026-11-26" })
    const path = join(own, "mine.csv")
    writeFileSync(path, list)
    utimesSync(path, 0, 0)
    assert.strictEqual((await update(path)).status, "updated")
    assert.deepInclude(catalogs.about("aws"), { date: "2026-11-26" })
  })

  it("may come from a file, of the day that this is of", async () => {
    const { catalogs, own, update } = scene()
    const path = join(own, "mine.csv")
    writeFileSync(path, list.replaceAll("\n", "\r\n"))
    assert.strictEqual((await update(path)).status, "updated")
    assert.strictEqual(catalogs.about("aws")?.source?.url, path)
    assert.include((await update(join(own, "other.csv"))).reason, "there is no such file")
    assert.include((await update(own)).reason, "it is no file")
  })

  it("is held against the sum that the user knows", async () => {
    const { update } = scene()
    const url = await serve((_, response) => response.end(list))
    const sha256 = createHash("sha256").update(list).digest("hex")
    assert.strictEqual((await update(url, { sha256: sha256.toUpperCase() })).status, "updated")
    assert.include((await update(url, { sha256: "0".repeat(64) })).reason, `its sha256 is ${sha256}`)
  })
})

const bad: ReadonlyArray<readonly [what: string, answer: RequestListener, reason: string]> = [
  [
    "ends in the middle",
    (_, response) => {
      response.writeHead(200, { "content-length": list.length })
      response.write(list.slice(0, -60), () => response.destroy())
    },
    "the connection ended in the middle of it"
  ],
  ["is an error", (_, response) => response.writeHead(500).end("no"), "the server answers 500"],
  ["is not there", (_, response) => response.writeHead(404).end("no"), "the server answers 404 Not Found"],
  ["says that nothing changed, unasked", (_, response) => response.writeHead(304).end(), "the server answers 304"],
  ["is a page", (_, response) => response.end("<!DOCTYPE html>\n<p>Sign in</p>\n"), "it has no column InstanceType"],
  ["is no text", (_, response) => response.end(Buffer.from([0xff, 0xfe, 0, 1])), "it is no text"],
  ["is empty", (_, response) => response.end(""), "it has no rows"],
  [
    "has no prices that can be",
    (_, response) => response.end(list.replaceAll("0.09", "-0.09")),
    "4 of its 4 rows have no price that can be"
  ],
  ["is cut off, and nobody says so", (_, response) => response.end(list.slice(0, -30)), "its last row is cut off"],
  ["ends with its connection, perhaps too soon", (_, response) => void unframed(response), "the server does not say where it ends"],
  [
    "says how it comes, and not where it ends",
    (_, response) => void unframed(response, "Transfer-Encoding: identity\r\n"),
    "the server does not say where it ends"
  ],
  [
    "is packed, and cut off where a row ends",
    (_, response) => response.setHeader("content-encoding", "gzip").end(gzipSync(list, { level: 0 }).subarray(0, -8)),
    "it ends in the middle of its compression"
  ],
  [
    "goes on after what is packed",
    (_, response) => response.setHeader("content-encoding", "gzip").end(Buffer.concat([gzipSync(list), Buffer.from("\0 and more")])),
    "more follows on what is packed"
  ],
  [
    "goes on after what is packed, a while later",
    (_, response) => {
      const packed = gzipSync(list)
      response.writeHead(200, { "content-encoding": "gzip", "content-length": packed.length + 1 })
      response.write(packed, () => setImmediate(() => response.end("\0")))
    },
    "more follows on what is packed"
  ],
  [
    "goes on after what is packed in another way",
    (_, response) => response.setHeader("content-encoding", "br").end(Buffer.concat([brotliCompressSync(list), Buffer.from("and more")])),
    "more follows on what is packed"
  ],
  [
    "is packed in another way, and cut off",
    (_, response) => response.setHeader("content-encoding", "br").end(brotliCompressSync(list.repeat(50)).subarray(0, -4)),
    "it ends in the middle of its compression"
  ],
  [
    "is packed, and damaged",
    (_, response) => response.setHeader("content-encoding", "gzip").end("none"),
    "it cannot be unpacked (incorrect header check)"
  ],
  [
    "is packed as nobody asked",
    (_, response) => response.setHeader("content-encoding", "zip").end(list),
    "the server packs it as zip, which was not asked for"
  ],
  [
    "is packed by what only a program has",
    (_, response) => response.setHeader("content-encoding", "constructor").end(list),
    "the server packs it as constructor, which was not asked for"
  ],
  [
    "is elsewhere, and nobody says where",
    (_, response) => response.writeHead(302).end(),
    "the server sends elsewhere, and does not say where"
  ],
  [
    "is always elsewhere",
    (_, response) => response.writeHead(301, { location: "/vms.csv" }).end(),
    "the server sends from one place to the next, more than 10 times"
  ],
  [
    "is elsewhere, but not on the web",
    (_, response) => response.writeHead(301, { location: "file:///etc/passwd" }).end(),
    "file:///etc/passwd is no address of a web server"
  ],
  ["has a column twice", (_, response) => response.end(list.replace("Arch\n", "Price\n")), "it has the column Price twice"],
  [
    "has names that are none",
    (_, response) => response.end(list.replaceAll("m6i.large", "../../x")),
    "4 of its 4 rows have no price that can be"
  ],
  [
    "is of another cloud",
    (_, response) => response.end(list.replaceAll("us-east-1", "us-central1")),
    "it has no region of AWS: it is the list of another cloud"
  ],
  [
    "has more types than a cloud can have",
    (_, response) => response.end(head + Array.from({ length: 20_001 }, (_, n) => row(1).replace("m6i.large", `t${n}`)).join("")),
    "it has more than 20000 types"
  ],
  ["has no lines", (_, response) => response.end("x".repeat(2 * 1024 * 1024)), "it has no lines"],
  [
    "has no end",
    (_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(list.repeat(500)));
      }
      response.on("drain", more)
      more()
    },
    "it is larger than 2 MiB"
  ],
  [
    "stops coming",
    (_, response) => {
      response.write(list.slice(0, 200))
    },
    "nothing came for 0.2 s"
  ]
]

describe("the old catalog stays", () => {
  it.each(bad)("where the newer one %s", async (_, answer, reason) => {
    const { catalogs, own, update } = scene()
    const url = await serve(answer)
    const updated = await update(url, reason.startsWith("nothing") ? { silentMaxMs: 200 } : {})
    assert.strictEqual(updated.status, "failed")
    assert.include(updated.reason, reason)
    assert.deepInclude(catalogs.about("aws"), { date: "2026-07-20", types: 1360 })
    assert.deepStrictEqual(readdirSync(own), [])
  })

  it("where it says why in too many words", async () => {
    const url = await serve((_, response) => response.writeHead(500, "x".repeat(5000)).end())
    assert.match((await scene().update(url)).reason!, /the server answers 500 x{200}(?!x)/)
  })

  it("where nobody answers, and where it cannot be written", async () => {
    const { update } = scene()
    const why = async (from: string) => (await update(from)).reason
    assert.include(await why("http://127.0.0.1:1/vms.csv"), "it cannot be fetched: nothing listens at 127.0.0.1:1")
    assert.include(await why("http://none.invalid/vms.csv"), "none.invalid")
    assert.notMatch((await why("http://none.invalid/vms.csv"))!, /[A-Z]{2,}_|ENOTFOUND|EAI/)
    assert.include(await why("http://"), "is no address of a web server")
    const plain = (await serve((_, response) => response.end(list))).replace("http:", "https:")
    assert.include(await why(plain), "is no server of the kind")
    const url = await serve((_, response) => response.end(list))
    const file = join(mkdtempSync(join(tmpdir(), "skyd-")), "file")
    writeFileSync(file, "")
    const catalogs = openCatalogs(packedFolder, join(file, "below"))
    const { reason, status } = await updateCatalog(catalogs, { cloud: "aws", from: url, sha256: null }, nowMs, new AbortController().signal)
    assert.strictEqual(status, "failed")
    assert.include(reason, "it cannot be kept: ")
    assert.strictEqual(catalogs.of("aws")?.types.length, 1360)
  })
})

describe("where the lists are published", () => {
  it("a second place is asked when the first has too much to do, and not when what it has is wrong", async () => {
    const { update } = scene()
    const busy = await serve((_, response) => response.writeHead(429).end())
    const wrong = await serve((_, response) => response.end("<html>\n"))
    let asked = 0
    const good = await serve((_, response) => {
      asked++
      response.end(list)
    })
    assert.include((await update(null, { places: [() => wrong, () => good] })).reason, "no list of offers")
    assert.strictEqual(asked, 0)
    const { reason } = await update(null, { places: [() => busy, () => good] })
    assert.strictEqual(asked, 1)
    // Of a published list much less than what is known is not the whole.
    assert.include(reason, "it has 1 type, where 1360 are known: it is not the whole list")
  })
})
