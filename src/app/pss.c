/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/pss.h"

#include "base/clock.h"
#include "base/xalloc.h"

#include <pthread.h>
#include <stdlib.h>

struct pss {
	struct proc *proc;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t asked_now;
	bool asked, has_result, quit;
	struct pss_result result;
};

static struct pss_result read_once(struct proc *proc)
{
	uint64_t start_ns = clock_mono_ns();
	struct pss_result result = { 0 };

	result.ret = proc_read_pss(proc, &result.bytes);
	result.cost_ns = clock_mono_ns() - start_ns;
	return result;
}

static void *run(void *arg)
{
	struct pss *pss = arg;

	pthread_mutex_lock(&pss->lock);
	while (!pss->quit) {
		struct pss_result result;

		if (!pss->asked) {
			pthread_cond_wait(&pss->asked_now, &pss->lock);
			continue;
		}
		pthread_mutex_unlock(&pss->lock);
		result = read_once(pss->proc);
		pthread_mutex_lock(&pss->lock);
		pss->result = result;
		pss->has_result = true;
		pss->asked = false;
	}
	pthread_mutex_unlock(&pss->lock);
	return NULL;
}

struct pss *pss_new(const struct proc *proc)
{
	struct pss *pss = xcalloc(1, sizeof(*pss));

	if (proc_clone(proc, &pss->proc)) {
		free(pss);
		return NULL;
	}
	pthread_mutex_init(&pss->lock, NULL);
	pthread_cond_init(&pss->asked_now, NULL);
	if (pthread_create(&pss->thread, NULL, run, pss))
		abort();
	return pss;
}

void pss_free(struct pss *pss)
{
	if (!pss)
		return;
	pthread_mutex_lock(&pss->lock);
	pss->quit = true;
	pthread_cond_signal(&pss->asked_now);
	pthread_mutex_unlock(&pss->lock);
	pthread_join(pss->thread, NULL);
	pthread_cond_destroy(&pss->asked_now);
	pthread_mutex_destroy(&pss->lock);
	proc_close(pss->proc);
	free(pss);
}

void pss_ask(struct pss *pss)
{
	pthread_mutex_lock(&pss->lock);
	pss->asked = true;
	pthread_cond_signal(&pss->asked_now);
	pthread_mutex_unlock(&pss->lock);
}

bool pss_take(struct pss *pss, struct pss_result *result)
{
	bool has;

	pthread_mutex_lock(&pss->lock);
	has = pss->has_result;
	pss->has_result = false;
	*result = pss->result;
	pthread_mutex_unlock(&pss->lock);
	return has;
}
