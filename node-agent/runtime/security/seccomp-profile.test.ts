import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { seccompFilters } from './seccomp-filters.ts'
import { parseSeccompProfile } from './seccomp-profile.ts'

const rule = (fields: string): string =>
  `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["ioctl"],"action":"SCMP_ACT_ALLOW"${fields}}]}`
const args = (...list: string[]): string => rule(`,"args":[${list.join()}]`)

describe('parseSeccompProfile', () => {
  it('reads what OCI and Docker write', () => {
    const { defaultAction, rules } = parseSeccompProfile(`{
      "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
      "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": null}],
      "syscalls": [
        {"names": ["read", "write"], "action": "SCMP_ACT_LOG", "args": null, "comment": "", "includes": {}, "excludes": {}},
        {"names": ["clone"], "action": "SCMP_ACT_ALLOW",
         "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}],
         "includes": {"minKernel": "4.8"}, "excludes": {"caps": ["CAP_SYS_ADMIN"], "arches": ["s390"]}}
      ]}`)
    assert.deepEqual(defaultAction, { kind: 'errno', errno: 38 })
    assert.deepEqual(rules[1], {
      names: ['clone'],
      action: { kind: 'allow' },
      conditions: [{ index: 0, op: 'maskedEqual', mask: 0x7e020000n, value: 0n }],
      includes: { capabilities: [], architectures: [], leastKernel: [4, 8] },
      excludes: { capabilities: ['CAP_SYS_ADMIN'], architectures: ['s390'] },
    })
  })

  it('keeps all 64 bits of an argument', () => {
    const { rules } = parseSeccompProfile(args('{"index":1,"value":18446744073709551615,"op":"SCMP_CMP_EQ"}'))
    assert.deepEqual(rules[0]?.conditions, [{ index: 1, op: 'equal', value: 0xffffffffffffffffn }])
  })

  it('takes several conditions on one argument as alternatives, on several as one', () => {
    const eq = (index: number, value: number) => `{"index":${index},"value":${value},"op":"SCMP_CMP_EQ"}`
    const shape = (text: string) => parseSeccompProfile(text).rules.map(({ conditions }) => conditions.length)
    assert.deepEqual(shape(args(eq(0, 1), eq(1, 2))), [2])
    assert.deepEqual(shape(args(eq(0, 1), eq(0, 2))), [1, 1])
  })

  it('says what is wrong and where', () => {
    const wrong: [string, RegExp][] = [
      ['{', /^is not JSON: /],
      ['[]', /^must be an object, not \[\]/],
      ['{}', /^defaultAction: is missing; SCMP_ACT_ERRNO/],
      ['{"defaultAction":"ALLOW"}', /^defaultAction: must be one of SCMP_ACT_ERRNO, /],
      ['{"defaultAction":"SCMP_ACT_NOTIFY"}', /^defaultAction: this runtime hands calls to no listener/],
      ['{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":4096}', /^defaultErrnoRet: must be .* 0 to 4095, not 4096/],
      ['{"defaultAction":"SCMP_ACT_ALLOW","syscall":[]}', /^has an unknown field "syscall"; known are /],
      ['{"defaultAction":"SCMP_ACT_ALLOW","syscalls":{}}', /^syscalls: must be a list, not \{\}/],
      ['{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"action":"SCMP_ACT_LOG"}]}', /^syscalls\[0\]\.names: names no/],
      ['{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["x"]}]}', /^syscalls\[0\]\.action: is missing/],
      ['{"defaultAction":"SCMP_ACT_ALLOW","architectures":["amd64"]}', /^architectures\[0\]: "amd64" is none/],
      ['{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_LOG"]}', /^flags\[0\]: .* is not supported/],
      [rule(',"arg":[]'), /^syscalls\[0\]: has an unknown field "arg"/],
      [rule(',"errnoRet":"1"').replace('ALLOW', 'ERRNO'), /^syscalls\[0\]\.errnoRet: must be a whole number/],
      [args('{"index":6,"value":1,"op":"SCMP_CMP_EQ"}'), /^syscalls\[0\]\.args\[0\]\.index: .* 0 to 5, not 6/],
      [args('{"index":0,"value":-1,"op":"SCMP_CMP_EQ"}'), /^syscalls\[0\]\.args\[0\]\.value: .* 64 bits, not -1/],
      [args('{"index":0,"value":36893488147419103232,"op":"SCMP_CMP_EQ"}'), /\.value: .* 64 bits/],
      [args('{"index":0,"value":1,"op":"EQ"}'), /^syscalls\[0\]\.args\[0\]\.op: must be one of SCMP_CMP_EQ, /],
      [rule(',"includes":{"caps":["SYS_ADMIN"]}'), /^syscalls\[0\]\.includes\.caps\[0\]: "SYS_ADMIN" is no capability/],
      [rule(',"includes":{"minKernel":"5"}'), /^syscalls\[0\]\.includes\.minKernel: must be like "4\.8"/],
    ]
    for (const [text, message] of wrong) {
      assert.throws(() => parseSeccompProfile(text), { name: 'SeccompProfileError', message }, text)
    }
  })
})

describe('seccompFilters', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'tessera-seccomp-'))
  after(() => rmSync(root, { recursive: true }))
  const unknown: (readonly string[])[] = []
  const machine = { architecture: 'x64', kernel: '6.1.0-13' }
  const filters = seccompFilters({ ...machine, onUnknownNames: (_, names) => unknown.push(names) })

  it('compiles the default once for each set of capabilities, in any order', () => {
    const one = filters(['CAP_BPF', 'CAP_CHOWN'])
    assert.equal(filters(['CAP_CHOWN', 'CAP_BPF']), one)
    assert.notEqual(filters(['CAP_CHOWN']), one)
  })

  it('reads a file by its path, as it is now', () => {
    const file = path.join(root, 'p.json')
    writeFileSync(file, '{"defaultAction":"SCMP_ACT_ALLOW"}')
    const before = filters([], file)
    assert.equal(filters([], file), before)
    writeFileSync(file, rule('').replace('ioctl', 'ioctl","iocntl'))
    assert.notEqual(filters([], file), before)
    assert.deepEqual(unknown, [['iocntl']])
  })

  it('refuses what is missing, relative or wrong, naming the file', () => {
    writeFileSync(path.join(root, 'bad.json'), '{"defaultAction":1}')
    const field = 'linux\\.security_context\\.seccomp\\.localhost_ref'
    const wrong: [string, string][] = [
      ['', 'is missing'],
      [`${root}/none.json`, `there is no profile ${root}/none\\.json`],
      [`${root}/bad.json`, `profile ${root}/bad\\.json: defaultAction: must be a string, not 1`],
      ['bad.json', '"bad\\.json" is no absolute path'],
      [root, `profile ${root}: .*directory`],
    ]
    for (const [reference, why] of wrong) {
      const message = new RegExp(`^${field}: .*${why}`)
      assert.throws(() => filters([], reference), { code: 'invalid', message }, reference)
    }
  })

  it('knows its architectures', () => {
    const elsewhere = { ...machine, architecture: 'riscv64', onUnknownNames: () => undefined }
    assert.throws(() => seccompFilters(elsewhere), { code: 'unsupported', message: /this is riscv64/ })
  })
})
