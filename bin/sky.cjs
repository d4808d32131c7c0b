#!/usr/bin/env -S node --
// The client. Written for old Nodes too, so that one can say that it is too old.
"use strict"
var version = process.versions.node.split(".").map(Number)
if (version[0] < 22 || (version[0] === 22 && version[1] < 19)) {
  process.stderr.write("sky needs Node 22.19 or newer; this is " + process.version + ". In a clone, run it as: npx sky\n")
  process.exit(2)
}
// Two milliseconds of every call; a folder that cannot be written to only means that they stay.
require("node:module").enableCompileCache(`${__dirname}/../dist/cache`)
require("../dist/sky.cjs")
