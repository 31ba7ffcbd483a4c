import type { Permission } from '../../platform/access/permissions.ts'

/** What a claims organization is made of; the commonest first in each list. */
export const titles =
  `Claims handler, Claims adjuster, Senior claims handler, Claims intake specialist, Loss adjuster, Claims examiner,
  Senior loss adjuster, Case coordinator, Customer care advisor, Claims analyst, Team lead, Subrogation specialist, Field adjuster,
  Property claims adjuster, Motor claims handler, Casualty adjuster, Senior claims adjuster, Recovery specialist, Claims administrator,
  Class-action administrator, Settlement administrator, Marine surveyor, Bodily injury adjuster, Workers' compensation examiner,
  Medical reviewer, Fraud investigator, Litigation specialist, Paralegal, Compliance officer, Claims auditor, Large loss adjuster,
  Catastrophe adjuster, Claims supervisor, Operations manager, Claims manager, Quality assurance reviewer, Notice coordinator,
  Document review specialist, Claimant services representative, Salvage coordinator, Building surveyor, Forensic accountant,
  Reinsurance claims specialist, Aviation claims adjuster, Cargo surveyor, Cyber claims specialist, Travel claims handler, Crop adjuster,
  Disbursement specialist, Data analyst, Reporting analyst, Training coordinator, Call center agent, Mailroom clerk, Underwriting assistant,
  Regional claims director, Head of claims, Vice president, Claims, Legal counsel, Special investigations unit lead, IT support specialist,
  Integration developer, Business analyst, Project manager, Director of operations, Chief claims officer, Intern`
    .replace('Vice president, Claims', 'Vice president of claims')
    .split(',')
    .map((title) => title.trim())

/** Domains that can't exist (RFC 2606). */
export const domains =
  `northgate-claims harborline fairmont-adjusters bluewater-surveys crestview-mutual meridian-loss stonebridge-admin
  oakfield-insurance lakeside-assurance redwood-settlements summit-recovery clearpath-claims ironwood-risk pinecrest-adjusting
  silverbrook westmarch-underwriting eastbay-marine granite-casualty heritage-fire kestrel-aviation-claims lighthouse-benefits
  maple-street-law northstar-forensics orchard-health-claims pacific-cargo-survey quayside-legal riverbend-tpa sandstone-audit
  tidewater-salvage union-square-notice vantage-reinsurance willow-creek-care yellowstone-crop zenith-travel-claims alder-grove
  brightwater-counsel cobalt-cyber-claims`
    .split(/\s+/)
    .map((name) => `${name}.example`)

/** Custom groups: what their members may do by it, and which fields of their profile they may not change. */
export const groups: { name: string; permissions: Permission[]; locked?: string[] }[] = [
  { name: 'Property', permissions: ['cases.view', 'claims.view', 'claims.edit'] },
  { name: 'Motor', permissions: ['cases.view', 'claims.view', 'claims.edit'] },
  { name: 'Casualty', permissions: ['cases.view', 'claims.view', 'claims.edit'] },
  { name: 'Intake', permissions: ['cases.view', 'claims.view', 'claims.import'], locked: ['email', 'title'] },
  { name: 'Marine and cargo', permissions: ['cases.view', 'claims.view', 'claims.edit'] },
  { name: 'Settlements', permissions: ['cases.view', 'claims.view', 'reports.schedule'] },
  {
    name: 'Fraud and investigations',
    permissions: ['cases.view', 'claims.all'],
    locked: ['first_name', 'last_name', 'email'],
  },
  { name: 'Recoveries', permissions: ['cases.view', 'claims.view', 'claims.edit'] },
  { name: 'Litigation', permissions: ['cases.view', 'claims.view', 'claims.export'] },
  { name: 'Catastrophe response', permissions: ['cases.view', 'claims.view', 'claims.edit', 'claims.import'] },
  { name: 'Medical review', permissions: ['cases.view', 'claims.view'], locked: ['title'] },
  { name: 'Quality and audit', permissions: ['cases.view', 'claims.all', 'reports.schedule'] },
]

export const customRoles: { name: string; description: string; permissions: Permission[] }[] = [
  { name: 'Claims editor', description: 'Works on claims', permissions: ['claims.view', 'claims.edit'] },
  {
    name: 'Claims importer',
    description: 'Brings in claims files and takes them out',
    permissions: ['claims.view', 'claims.import', 'claims.export'],
  },
  { name: 'Report scheduler', description: 'Has reports sent by mail', permissions: ['reports.schedule'] },
  {
    name: 'Member desk',
    description: 'Invites people and keeps their details in order',
    permissions: ['members.view', 'members.invite', 'members.edit', 'invitations.view'],
  },
  { name: 'Case coordinator', description: 'Opens cases and staffs them', permissions: ['cases.view', 'cases.manage'] },
  {
    name: 'Portal editor',
    description: 'Looks after the claim portal',
    permissions: ['settings.portal', 'settings.notifications'],
  },
  {
    name: 'Auditor',
    description: 'Reads everything and the log of it',
    permissions: ['members.view', 'invitations.view', 'claims.all', 'audit.view', 'usage.view'],
  },
  {
    name: 'Integrator',
    description: 'Connects other systems',
    permissions: ['integrations.manage', 'developer.tools'],
  },
]

/** What somebody is given directly: nothing that opens the organization itself. */
export const directPermissions: Permission[] = [
  'members.view',
  'members.download',
  'invitations.view',
  'invitations.approve',
  'claims.all',
  'claims.export',
  'reports.schedule',
  'usage.view',
]

/** Regions and their areas. */
export const regions: Record<string, string[]> = {
  Northeast: ['Boston', 'New York', 'Philadelphia', 'Hartford', 'Albany', 'Portland'],
  Southeast: ['Atlanta', 'Miami', 'Charlotte', 'Nashville', 'New Orleans'],
  Midwest: ['Chicago', 'Detroit', 'Columbus', 'Minneapolis', 'St. Louis', 'Kansas City'],
  West: ['Los Angeles', 'San Francisco', 'Seattle', 'Denver', 'Phoenix', 'Honolulu'],
  Canada: ['Toronto', 'Montréal', 'Vancouver', 'Calgary'],
  'British Isles': ['London', 'Manchester', 'Glasgow', 'Dublin', 'Cardiff'],
  Europe: ['Paris', 'Munich', 'Zürich', 'Malmö', 'Kraków', 'İstanbul'],
  'Asia and Pacific': ['Sydney', 'Auckland', 'Singapore', 'Tokyo'],
}
