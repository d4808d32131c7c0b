#!/usr/bin/env node
/**
 * Launches a command on a cluster, follows its job's log, and ends with the job's exit code: docs/protocol.md in practice.
 *
 *     examples/scripting/launch.mjs CLUSTER COMMAND...
 *
 * No package is needed. The log goes to stdout; what happens meanwhile to stderr, each event once. A connection that breaks off is made
 * anew and goes on where it was. SKY names the client that starts the daemon (default: sky).
 */
import { spawnSync } from "node:child_process"
import { randomUUID } from "node:crypto"
import { connect } from "node:net"
import { homedir } from "node:os"
import { join } from "node:path"

const { SKY = "sky", SKYD_HOME, XDG_STATE_HOME } = process.env
const path = join(SKYD_HOME || join(XDG_STATE_HOME || join(homedir(), ".local/state"), "skyd"), "run/sock")

const [clusterName, ...words] = process.argv.slice(2)
if (words.length === 0) {
  console.error("Usage: launch.mjs CLUSTER COMMAND...")
  process.exit(2)
}
const quote = (word) => `'${word.replaceAll("'", "'\\''")}'`
const run = words.length === 1 ? words[0] : words.map(quote).join(" ")

// Sent twice under one request id, a launch is one launch: that is what makes it safe to ask again.
const launch = { id: "launch", method: "launch", requestId: randomUUID(), params: { clusterName, task: { run } } }
/** The last event that was seen. */
let after
/** How many bytes of each rank's log. */
const seen = new Map()
/** By job, what the log of events says of its end. */
const ends = new Map()
let job
let isRead = false

let finished = false
let socket

const frame = (type, data) => `${JSON.stringify({ type, data })}\n`

/** The daemon ends its side when nothing runs on ours. No exit at once: what was written to a pipe must be through. */
const finish = (code) => {
  process.exitCode = code
  finished = true
  socket.end(frame("detach", { id: "events" }))
}

const open = () => {
  socket = connect(path)
  const send = (type, data) => socket.write(frame(type, data))
  const begin = () => {
    send("request", { id: "events", method: "events.follow", params: { after, clusterName } })
    send("request", launch)
  }
  const skip = new Map(seen)

  const results = {
    head: ({ head }) => {
      after = head
      begin()
    },
    launch: ({ jobId }) => {
      job = jobId
      send("request", { id: "logs", method: "logs", params: { clusterName, jobId } })
    },
    logs: () => {
      isRead = true
    }
  }
  const takes = {
    result: ({ id, value }) => results[id]?.(value),
    failure: ({ error: { exitCode, hint, message } }) => {
      console.error(message, hint ?? "")
      finish(exitCode)
    },
    event: ({ event: { event, seq } }) => {
      after = seq
      console.error(seq, event._tag)
      if (["JobEnded", "JobClosed"].includes(event._tag) && !ends.has(event.job)) ends.set(event.job, event)
    },
    log: ({ base64, rank, text }) => {
      const chunk = base64 === undefined ? Buffer.from(text) : Buffer.from(base64, "base64")
      const known = skip.get(rank) ?? 0
      const fresh = chunk.subarray(known)
      skip.set(rank, Math.max(0, known - chunk.length))
      seen.set(rank, (seen.get(rank) ?? 0) + fresh.length)
      process.stdout.write(fresh)
    }
  }

  // A read brings half a frame, or many. What the end of a connection cuts off is sent again on the next.
  let rest = ""
  socket.setEncoding("utf8").on("data", (chunk) => {
    const lines = (rest + chunk).split("\n")
    rest = lines.pop()
    for (const line of lines) {
      if (finished) return
      const { data, type } = JSON.parse(line)
      takes[type]?.(data)
      if (!isRead || !ends.has(job)) continue
      const { returnCodes, status } = ends.get(job)
      // A rank that was ended because of another has 137.
      const codes = returnCodes.filter((code) => code !== 0)
      finish(status === "SUCCEEDED" ? 0 : codes.length > 0 ? Math.min(...codes) : 1)
    }
  })
  socket.on("error", ({ code }) => {
    if (code !== "ENOENT" && code !== "ECONNREFUSED") return
    // Where nobody answers, this returns when somebody does.
    const { status } = spawnSync(`${SKY} daemon start`, { shell: true, stdio: ["ignore", "ignore", "inherit"] })
    if (status !== 0) process.exit(status ?? 1)
  })
  socket.on("close", () => finished || open())
  if (after === undefined) send("request", { id: "head", method: "daemon.status" })
  else begin()
}
open()
