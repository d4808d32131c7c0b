#!/usr/bin/env -S node --
// The daemon. Written for old Nodes too, so that one can say that it is too old.
"use strict"
var version = process.versions.node.split(".").map(Number)
if (version[0] < 22 || (version[0] === 22 && version[1] < 19)) {
  process.stderr.write("skyd needs Node 22.19 or newer; this is " + process.version + ". In a clone, run it as: npx skyd\n")
  process.exit(2)
}
require("node:module").enableCompileCache(`${__dirname}/../dist/cache`)
require(process.argv[2] === "audit" ? "../dist/audit.cjs" : "../dist/skyd.cjs")
