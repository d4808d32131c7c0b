/** A `run` function becomes one script that a shell runs on every rank. */
import { execFileSync, spawnSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { scriptOf } from "../../../sdk/api/per-rank.ts"
import { ValueError } from "../../../sdk/api/SkyError.ts"

const ips = ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
const ofRank = (rank: number) => ({ ...process.env, SKYPILOT_NODE_RANK: String(rank) })
const printed = (script: string, rank: number) => execFileSync("bash", ["-c", script], { env: ofRank(rank), encoding: "utf8" })

describe("a run function", () => {
  it("task-12: is called here, once a rank, with all addresses: a closure works", () => {
    const seen: Array<unknown> = []
    const outside = "from outside"
    const script = scriptOf((rank, addresses) => {
      seen.push([rank, addresses])
      return `echo ${rank} ${outside} ${addresses[0]}`
    }, ips)
    expect(seen).toEqual([0, 1, 2].map((rank) => [rank, ips]))
    expect([0, 1, 2].map((rank) => printed(script, rank))).toEqual([0, 1, 2].map((rank) => `${rank} from outside 10.0.0.1\n`))
  })

  it("task-12: may take fewer parameters; undefined counts as null", () => {
    const script = scriptOf((rank) => (rank === 1 ? "echo one" : rank === 2 ? undefined : null), ips)
    expect([0, 1, 2].map((rank) => printed(script, rank))).toEqual(["", "one\n", ""])
    expect(
      printed(
        scriptOf(() => null, ips),
        0
      )
    ).toBe("")
  })

  it.each(["it's", `"$HOME" \\ \`x\``, "a\nb", "cat <<E\n$((1+1)) 'x'\nE", "esac ;; )", "# only a comment", ""])(
    "task-12: leaves the text %j unharmed, and one rank's cannot break another's",
    (text) => {
      const script = scriptOf((rank) => (rank === 0 ? text : "echo fine"), ips)
      expect(printed(script, 1)).toBe("fine\n")
      const said = scriptOf((rank) => `printf %s '${text.replaceAll("'", "'\\''")}'; echo .${rank}`, ips)
      expect(printed(said, 2)).toBe(`${text}.2\n`)
    }
  )

  it("ends with its text's exit code", () => {
    expect(() =>
      printed(
        scriptOf(() => "exit 3", ips),
        0
      )
    ).toThrow(/Command failed/)
    expect(() =>
      printed(
        scriptOf(() => "false", ips),
        0
      )
    ).toThrow(/Command failed/)
  })

  it("may give many ranks one long text, which counts once; what is too long together is a ValueError that names the ranks", () => {
    const many = Array.from({ length: 300 }, (_, rank) => `10.0.0.${rank}`)
    const long = `# ${"x".repeat(60 * 1024)}\n`
    const script = scriptOf((rank) => (rank === 7 ? "echo seven" : rank === 8 ? null : `${long}echo same`), many)
    expect([0, 7, 8, 299].map((rank) => spawnSync("bash", { input: script, env: ofRank(rank), encoding: "utf8" }).stdout)).toEqual([
      "same\n",
      "seven\n",
      "",
      "same\n"
    ])
    const tooLong = () => scriptOf((rank) => `${long}echo ${rank % 2}`, many)
    expect(tooLong).toThrow(ValueError)
    expect(tooLong).toThrow("The run function's texts for 300 ranks are together longer than 96 KiB")
  })

  it("task-12: other results are a ValueError", () => {
    // biome-ignore lint/suspicious/noExplicitAny: what the types refuse, as JavaScript may give it
    for (const bad of [3, ["echo"], Promise.resolve("echo"), {}]) expect(() => scriptOf((() => bad) as any, ips)).toThrow(ValueError)
  })
})
