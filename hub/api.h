/* api.h - what the hub answers to each path of route.h.
 *
 * A handler runs on any thread of the server, with who asks already checked
 * (access.h) and the body whole; it calls one reply_*. What changes something
 * leaves a line in the audit log in the same transaction.
 *
 *     api.c           health, the context all share
 *     api_enrol.c     custodian and device: a device becomes known, gets certificates
 *     api_device.c    device: ping, batches, updates
 *     api_checkins.c  device: what other gates saw; people: reports and exports of scans
 *     api_desk.c      device: is this person known, and what of them is
 *     api_admin.c     people: devices
 *     api_match.c     people: why a profile is one, decisions, rules
 *     api_audience.c  people: what is sealed for the custodian
 *     api_rosters.c   people: who may enter an event; device: the same, signed
 *     api_query.c     people and programs: stats, exports, audit, metrics
 *     api_profiles.c  people and programs: profiles, timelines
 */
#ifndef DUNLIN_HUB_API_H
#define DUNLIN_HUB_API_H

#include "hub/admission.h"
#include "hub/counters.h"
#include "hub/hub.h"
#include "hub/limiter.h"
#include "hub/request.h"
#include "hub/settings.h"
#include "hub/tls.h"
#include "platform/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Borrowed but for `ca`, which api_done wipes. */
struct api {
    struct hub *hub;
    const struct settings *settings;
    struct tls_ca *ca;
    struct limiter enrol_limiter;
    struct admission admission; /* of batches */
    struct counters counters;
    int64_t started_ms;
    atomic_bool leaving; /* requests under way are served, and nothing else is promised */
};

DL_MUST_CHECK enum dl_err api_init(struct api *api, struct hub *hub, const char *dir,
                                   const struct settings *settings, struct dl_why *why);
void api_done(struct api *api);

void api_health(struct api *api, struct request *req);
void api_ready(struct api *api, struct request *req);
void api_metrics(struct api *api, struct request *req);
void api_device_add(struct api *api, struct request *req);
void api_enroll(struct api *api, struct request *req);
void api_device_ping(struct api *api, struct request *req);
void api_device_certificate(struct api *api, struct request *req);
void api_device_updates(struct api *api, struct request *req);
void api_device_scans(struct api *api, struct request *req);
void api_device_lookup(struct api *api, struct request *req);
void api_device_access(struct api *api, struct request *req);
void api_batch(struct api *api, struct request *req);
void api_stats(struct api *api, struct request *req);
void api_profile(struct api *api, struct request *req);
void api_profile_timeline(struct api *api, struct request *req);
void api_profiles(struct api *api, struct request *req);
void api_export(struct api *api, struct request *req);
void api_checkins_report(struct api *api, struct request *req);
void api_checkins_export(struct api *api, struct request *req);
void api_audience(struct api *api, struct request *req);
void api_audit(struct api *api, struct request *req);
void api_explain(struct api *api, struct request *req);
void api_split(struct api *api, struct request *req);
void api_decisions(struct api *api, struct request *req);
void api_decide(struct api *api, struct request *req);
void api_decision_undo(struct api *api, struct request *req);
void api_rules(struct api *api, struct request *req);
void api_devices(struct api *api, struct request *req);
void api_device_revoke(struct api *api, struct request *req);
void api_device_remove(struct api *api, struct request *req);
void api_rosters(struct api *api, struct request *req);
void api_roster(struct api *api, struct request *req);
void api_roster_stats(struct api *api, struct request *req);
void api_roster_import(struct api *api, struct request *req);
void api_roster_lists(struct api *api, struct request *req);
void api_roster_revoke(struct api *api, struct request *req);
void api_roster_assign(struct api *api, struct request *req);
void api_roster_unassign(struct api *api, struct request *req);
void api_roster_remove(struct api *api, struct request *req);
void api_device_roster(struct api *api, struct request *req);
void api_device_tickets(struct api *api, struct request *req);

#endif
