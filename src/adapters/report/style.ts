import { colours, fills } from "./theme.ts";

/** The style of the page: fluid, by day and by night, on paper too. */
export const style: string = `${colours()}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;overflow-wrap:anywhere;background:var(--page);color:var(--ink);
font:15px/1.5 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;
font-variant-numeric:tabular-nums}
main,.top,.foot{max-width:1120px;margin:0 auto;padding:0 clamp(16px,4vw,40px)}
.top{padding-top:clamp(24px,5vw,52px)}
.foot{padding-top:28px;padding-bottom:40px;color:var(--muted);font-size:13px}
h1,h2,h3,p,ul,dl,dd,figure{margin:0;padding:0}
ul{list-style:none}
h1,h2{text-wrap:balance}
h1{font-size:clamp(26px,4.4vw,38px);line-height:1.15;letter-spacing:-.022em;font-weight:680}
h2{font-size:clamp(21px,3vw,26px);line-height:1.2;letter-spacing:-.015em;font-weight:660}
h3{font-size:15px;font-weight:640;letter-spacing:-.005em}
a{color:inherit;text-decoration-color:var(--muted);text-underline-offset:3px}
code{font:.92em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--grid);
padding:.1em .35em;border-radius:4px}
.kicker,.facts{color:var(--muted);font-size:13px}
.kicker{margin-bottom:6px;font-weight:600;letter-spacing:.02em}
.facts{display:flex;flex-wrap:wrap;align-items:center;gap:6px 14px;margin-top:12px}
.badge{display:inline-flex;align-items:center;gap:6px;padding:2px 10px 2px 8px;border-radius:99px;
border:1px solid currentColor;font-weight:640;color:var(--map)}
.badge.calm{color:var(--muted)}
.badge.warn{color:var(--blocked)}
.badge.bad{color:var(--bad)}
.run{padding-top:22px}
.run+.run,.schedule+.run{margin-top:44px;padding-top:36px;border-top:1px solid var(--line)}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;
padding:18px clamp(14px,2.4vw,24px)}
.card+.card,.tiles+.card,.card+.tiles,.card+.pipeline,.pipeline+.card{margin-top:14px}
.facts+.words{margin-top:18px}
.words{border-left:4px solid var(--busy);font-size:16.5px;line-height:1.6;
text-wrap:pretty}
.words.bad{border-left-color:var(--bad)}
.words.bad+.words{margin-top:14px}
.words .message{font-weight:600}
.words .pairs{margin:10px 0}
.pairs{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,210px),1fr));
gap:8px 24px;margin-top:8px;font-size:14px}
.pairs dt{color:var(--muted);font-size:12.5px}
.copy{user-select:all;-webkit-user-select:all;cursor:copy}
.list ul{margin-top:8px;font-size:14px}
.list b{font-weight:640}
.list small{color:var(--muted)}
.words h3{margin-bottom:4px;color:var(--muted);font-size:13px}
.words p{max-width:76ch}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:1px;margin-top:14px;
background:var(--line);border:1px solid var(--line);border-radius:12px;overflow:hidden}
.tiles>div{background:var(--card);padding:14px clamp(12px,1.8vw,20px);min-width:0}
.tiles dt{color:var(--muted);font-size:13px}
.tiles .value{font-size:clamp(20px,2.6vw,27px);line-height:1.25;font-weight:640;
letter-spacing:-.02em}
.tiles .value small{font-size:.58em;font-weight:500;letter-spacing:0;color:var(--muted)}
.tiles .more{color:var(--muted);font-size:13px}
.alarm{color:var(--bad)}
.pipeline{margin-top:14px;display:grid;align-items:stretch;
grid-template-columns:minmax(0,1fr) 58px 116px 58px minmax(0,1fr) 58px minmax(0,1fr)}
.stage,.bucket{background:var(--card);border:1px solid var(--line);border-radius:12px;
padding:14px 16px 14px;min-width:0}
.stage.most{border-color:var(--busy);box-shadow:0 0 0 1px var(--busy)}
.stage header{display:flex;justify-content:space-between;align-items:baseline;gap:8px}
.stage header span{font-size:12px;font-weight:640;color:var(--busy)}
.bar{display:block;margin:10px 0 10px;border-radius:4px;overflow:hidden;
border:1px solid var(--muted)}
.bar rect+rect{stroke:var(--card);stroke-width:1}
.shares{font-size:13px}
.shares li{display:flex;align-items:center;gap:8px;line-height:1.65}
.shares li.none{color:var(--muted)}
.shares b{margin-left:auto;font-weight:600}
.swatch{flex:none;overflow:visible}
.shares .swatch{border-radius:2px;outline:1px solid var(--muted)}
.bucket{align-self:center;border-radius:18px;padding:12px;text-align:center}
.bucket p{color:var(--muted);font-size:12.5px;line-height:1.45}
.flow{position:relative;align-self:center;text-align:center;color:var(--muted);font-size:12px;
line-height:1.2}
.flow svg{display:block;margin:3px auto 0;stroke:var(--muted);fill:none}
.flow .down{display:none}
.flow span{display:block}
.framed{stroke:var(--muted)}
figure h3{margin-right:auto}
figcaption{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 18px;margin-bottom:16px}
.key{display:flex;flex-wrap:wrap;gap:2px 16px;color:var(--muted);font-size:13px}
.key li{display:flex;align-items:center;gap:7px}
.key.states{margin-top:12px}
.unit,.note{color:var(--muted);font-size:13px}
.note{margin-top:8px}
.frame{padding:6px 6px 26px 52px}
.plot{display:block;overflow:visible}
.grid{stroke:var(--grid)}
.tick,.tag,.number{font-size:12px;fill:var(--muted)}
.tag{font-weight:600;paint-order:stroke;stroke:var(--card);stroke-width:4px;
stroke-linejoin:round;fill:var(--ink)}
.number{font-size:10px;fill:var(--on);text-anchor:middle}
.mean{stroke:var(--ink);stroke-dasharray:2 4}
.dot{fill:var(--busy)}
.map{fill:var(--map)}
.wait{fill:var(--starved)}
.edge{stroke:var(--card);stroke-width:.6}
.retry{fill:var(--blocked);stroke:var(--card);stroke-width:1.5;paint-order:stroke}
.lost{stroke:var(--bad);stroke-width:2.4;stroke-linecap:round;fill:none}
.lost{position:sticky;top:0;z-index:1;padding:6px 16px;background:var(--bad);color:var(--card);
text-align:center;font-size:14px}
.fail{fill:var(--bad)}
.on-fail{stroke:var(--card);stroke-width:2;stroke-linecap:round;fill:none}
.left{transform:translateX(7px)}
.right{transform:translateX(-7px)}
.schedule .frame{padding-left:6px}
.schedule .name{font-size:13px;font-weight:600;fill:var(--ink);paint-order:stroke;
stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
.schedule .extra{font-weight:400;font-variant-numeric:tabular-nums;fill:var(--muted)}
.after{stroke:var(--muted);stroke-width:1.25}
.tip{fill:var(--muted)}
.skipped{fill:none;stroke:var(--muted);stroke-dasharray:3 3}
.schedule .ended-failed,.schedule .ended-aborted{fill:var(--bad)}
.schedule .ended-drained,.schedule .ended-paused{fill:var(--blocked)}
${fills}
@media screen and (max-width:820px){
.tiles{grid-template-columns:repeat(2,1fr)}
.pipeline{grid-template-columns:1fr}
.flow{display:flex;justify-content:center;align-items:center;gap:8px;padding:5px 0}
.flow svg{margin:0}
.flow .right-arrow{display:none}
.flow .down{display:block}
.bucket{width:100%;padding:9px 16px;display:flex;justify-content:space-between;gap:8px}
.frame{padding-right:2px;padding-left:46px}
.words{font-size:15.5px}
}
@media print{
body{background:#fff;font-size:12px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.card,.tiles,.stage,.bucket,.pipeline{break-inside:avoid}
.pipeline{grid-template-columns:1fr 48px 84px 48px 1fr 48px 1fr}
.stage,.bucket{padding:10px}
.shares,.flow{font-size:11px}
.run+.run{break-before:page;border:0}
}`;
