import { type MemberList, writeMemberList } from '../../src/members/list-state.ts'
import { allPermissions, permissions } from '../../src/platform/access/permissions.ts'

/** Every permission as a link to those who hold it in effect, among the people listed. */
export const WhoCan = ({ base, list }: { base: string; list: MemberList }) => (
  <div class="page">
    <p>
      <a href={base + writeMemberList(list)}>Organization members</a>
    </p>
    <h1>Who can do this?</h1>
    <p>
      Each leads to the people who can in effect, whatever gives it to them: organization role, group, custom role, a
      direct permission, or managing a group. Your search and filters stay.
    </p>
    {[...new Set(allPermissions.map((name) => permissions[name].area))].map((area) => (
      <>
        <h2>{area}</h2>
        <dl class="who">
          {allPermissions
            .filter((name) => permissions[name].area === area)
            .map((name) => (
              <>
                <dt>
                  <a href={base + writeMemberList(list, { permission: name })}>{permissions[name].label}</a>
                </dt>
                <dd class="muted">{permissions[name].help}</dd>
              </>
            ))}
        </dl>
      </>
    ))}
  </div>
)
