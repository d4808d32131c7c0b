/** The one line of ours in a file that is the user's. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { isIn, isOff, namesIn, type OurLine, withLine, withoutLine } from "../../../daemon/ssh-names/user-config.ts"

const ours: OurLine = { line: "Include /h/state/ssh/*.conf", path: "/h/state/ssh/*.conf", home: "/h" }
const { line } = ours

describe("the line", () => {
  it("goes in front of everything, with the file's own line ends, and comes out without a trace", () => {
    for (const text of ["", "Host a\n  User b", "Host a\r\n  User b\r\n", "# only a comment", "\n\nHost \xe4\xff\n\t\n"]) {
      const put = withLine(text, ours)
      expect(put).toBe(`${line}${text.includes("\r\n") ? "\r\n" : "\n"}${text}`)
      expect(withLine(put, ours)).toBe(put)
      expect(withoutLine(put, ours)).toBe(text)
    }
    const part = fc.constantFrom(
      line,
      `  ${line}`,
      "Host a",
      "Match all",
      "Host *",
      "# x",
      "",
      "\r",
      `${line}\r`,
      "\xff",
      "Include /other/*"
    )
    fc.assert(
      fc.property(fc.array(part), fc.boolean(), (lines, ends) => {
        const text = withoutLine(lines.join("\n") + (ends ? "\n" : ""), ours)
        const put = withLine(text, ours)
        expect(withoutLine(put, ours)).toBe(text)
        expect(isIn(put, ours)).toBe(true)
      })
    )
  })

  it("is put in front again where it came to stand behind a Host, and left where the user has it for all of them", () => {
    expect(withLine(`Host a\n${line}\nHost b\n`, ours)).toBe(`${line}\nHost a\nHost b\n`)
    for (const text of [
      `# mine\nUser x\n${line}\n`,
      `Host a\nHost *\n  ${line}\n`,
      `Match host b\nMatch all\n${line}\n`,
      "include ~/state/ssh/*.conf\nHost a\n",
      'Include = "/h/state/ssh/*.conf"\n',
      "Include /else ~/state/ssh/*.conf\n"
    ])
      expect([isIn(text, ours), withLine(text, ours)]).toEqual([true, text])
  })

  it("stays out where the user has put a # in front of it", () => {
    for (const text of [`# ${line}\nHost a\n`, `Host a\n  #${line}`, "## include ~/state/ssh/*.conf\n"]) {
      expect([isOff(text, ours), withLine(text, ours), withoutLine(text, ours)]).toEqual([true, text, text])
    }
    expect(isOff("# Include /else/*.conf\n", ours)).toBe(false)
  })
})

describe("names of the user's own", () => {
  it("are what Host says without a pattern, whatever its spelling", () => {
    const { hosts, includes } = namesIn(
      'Host a "b c" d\r\nhost=e\n\tHOST\tf # g\nHost x-* !y z?\n#Host no\nHostName not\nMatch host m\nInclude one "two three"\n'
    )
    expect([...hosts]).toEqual(expect.arrayContaining(["a", "b c", "d", "e", "f"]))
    for (const not of ["x-*", "!y", "z?", "no", "not", "m"]) expect(hosts.has(not)).toBe(false)
    expect(includes).toEqual(["one", "two three"])
  })
})

it("what the line takes in holds for each host, as ssh reads it", () => {
  const scratch = mkdtempSync(join(tmpdir(), "skyd-i-"))
  try {
    const own = { ...ours, line: `Include ${scratch}/*.conf`, path: `${scratch}/*.conf` }
    writeFileSync(join(scratch, "a.conf"), "Host Train\n  Port 1\n")
    writeFileSync(join(scratch, "b.conf"), "Host eval\n  Port 2\n")
    writeFileSync(join(scratch, "config"), withLine("Host x\n  Port 3\nHost *\n  Port 4\n", own))
    const port = (name: string) =>
      /^port (\d+)$/m.exec(execFileSync("ssh", ["-G", "-T", "-F", join(scratch, "config"), name]).toString())?.[1]
    expect(["Train", "eval", "x", "y"].map(port)).toEqual(["1", "2", "3", "4"])
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
})
