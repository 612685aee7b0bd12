import { after, before, it } from 'node:test'
import { rmSync } from 'node:fs'
import { buildContainerPlan } from '../../node-agent/runtime/container/build-plan.ts'
import { openExecStreams } from '../../node-agent/runtime/launcher/terminal.ts'
import { LauncherFixture } from './launcher-harness.ts'
const fixture = new LauncherFixture()
before(() => fixture.open())
after(() => fixture.close())
it('bench', async () => {
  const times:number[]=[], starts:number[]=[]
  let last
  for (let i=0;i<Number(process.env.N??300);i++){
    const streams = openExecStreams({ stdin: false })
    const spec = fixture.spec(['/bin/echo','hi'], { stdio: { kind: 'streams', ...streams.sources } })
    const t0=process.hrtime.bigint()
    const first = new Promise<void>(r=>streams.stdout.once('data',()=>r()))
    const p = fixture.launcher.start(buildContainerPlan(spec)).then(x=>{starts.push(Number(process.hrtime.bigint()-t0)/1e6); last=x;streams.started()})
    await first; times.push(Number(process.hrtime.bigint()-t0)/1e6)
    await p
    await fixture.exitOf(spec.id); await fixture.launcher.acknowledge([spec.id]); streams.close()
    rmSync(fixture.folder+'/containers/'+spec.id,{recursive:true})
  }
  const q=(a:number[],f:number)=>[...a].sort((x,y)=>x-y)[Math.floor(a.length*f)]!.toFixed(2)
  console.log('first output', q(times,.5), q(times,.99), 'started', q(starts,.5), q(starts,.99), JSON.stringify(await fixture.launcher.info()))
  console.log(JSON.stringify(last))
})
