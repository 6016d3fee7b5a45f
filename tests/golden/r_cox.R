# What R's survival package finds for test_golden_cox_more.py: start-stop rows, weights, robust errors, strata, and tests.
# Rscript tests/golden/r_cox.R ../shared/data/survival > tests/golden/r_cox.txt
library(survival)
folder <- commandArgs(trailingOnly = TRUE)[1]
cat("#", R.version.string, "| survival", as.character(packageVersion("survival")), "\n")
say <- function(name, values) cat(name, "=", sprintf("%.17g", as.numeric(values)), "\n")
exact <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100)

model <- function(name, formula, data, ...) {
  for (ties in c("efron", "breslow")) {
    fit <- do.call(coxph, list(formula, data = data, ties = ties, control = exact, ...))
    label <- paste(name, ties)
    say(paste(label, "coef"), coef(fit))
    if (is.null(fit$naive.var)) say(paste(label, "se"), sqrt(diag(fit$var)))
    else {
      say(paste(label, "se"), sqrt(diag(fit$naive.var)))
      say(paste(label, "robust"), sqrt(diag(fit$var)))
    }
    say(paste(label, "loglik"), fit$loglik)
    say(paste(label, "score"), fit$score)
    say(paste(label, "wald"), fit$wald.test)
  }
}
# Ranks among the times of events: R's own "rank" counts the times of the censored too.
event_rank <- function(y) {
  happened <- sort(y[y[, "status"] == 1, ncol(y) - 1])
  function(times) findInterval(times, happened, left.open = TRUE) + sapply(times, function(t) (sum(happened == t) + 1) / 2)
}
proportional <- function(name, fit, transforms = c("km", "rank", "identity", "log")) {
  for (transform in transforms) {
    found <- cox.zph(fit, transform = if (transform == "rank") event_rank(fit$y) else transform)$table
    say(paste(name, "zph", transform), found[, "chisq"])
    say(paste(name, "zph df", transform), found[, "df"])
    say(paste(name, "zph p", transform), found[, "p"])
  }
}
concord <- function(name, fit) {
  found <- concordance(fit)
  say(paste(name, "concordance"), c(found$concordance, sqrt(found$var)))
  # by strata there is a row for each: only their sum is compared
  counts <- if (is.matrix(found$count)) colSums(found$count) else found$count
  say(paste(name, "counts"), counts)
}

cgd <- read.csv(file.path(folder, "cgd.csv"))
cgd$treated <- as.integer(cgd$treat == "rIFN-g")
cgd$weight <- 1 + (cgd$age %% 3) / 2
cgd$women <- as.integer(cgd$sex == "female")
start_stop <- Surv(tstart, tstop, status) ~ treated + age + steroids
model("cgd", start_stop, cgd)
model("cgd by hospital", update(start_stop, . ~ . + strata(center)), cgd)
model("cgd by sex", update(start_stop, . ~ . + strata(sex)), cgd)
model("cgd by sex and hospital", update(start_stop, . ~ . + strata(sex, center)), cgd)
model("cgd weighted", start_stop, cgd, weights = cgd$weight)
model("cgd by hospital rows", update(start_stop, . ~ . + strata(center)), cgd, cluster = seq_len(nrow(cgd)))
model("cgd rows", start_stop, cgd, cluster = seq_len(nrow(cgd)))
model("cgd person", start_stop, cgd, cluster = cgd$id)
model("cgd by hospital person", update(start_stop, . ~ . + strata(center)), cgd, cluster = cgd$id)
model("cgd site", start_stop, cgd, cluster = cgd$center)
model("cgd by sex weighted person", update(start_stop, . ~ . + strata(sex)), cgd, weights = cgd$weight, cluster = cgd$id)
fit <- coxph(start_stop, cgd, control = exact)
proportional("cgd", fit)
by_hospital <- coxph(update(start_stop, . ~ . + strata(center)), cgd, control = exact)
proportional("cgd by hospital", by_hospital, c("identity", "log"))
concord("cgd by hospital", by_hospital)
proportional("cgd by sex", coxph(update(start_stop, . ~ . + strata(sex)), cgd, control = exact))

colon <- read.csv(file.path(folder, "colon.csv"))
colon <- colon[colon$etype == 2 & !is.na(colon$nodes), ]
colon$arm <- factor(as.integer(factor(colon$rx)) - 1)
for (ties in c("efron", "breslow")) {
  fit <- coxph(Surv(time, status) ~ arm + age + nodes, colon, ties = ties, control = exact)
  proportional(paste("colon", ties), fit)
  say(paste("colon", ties, "arm wald"), coef(fit)[1:2] %*% solve(vcov(fit)[1:2, 1:2], coef(fit)[1:2]))
  hazard <- basehaz(fit, newdata = data.frame(arm = "0", age = 0, nodes = 0))
  say(paste("colon", ties, "baseline"), hazard$hazard[findInterval(c(100, 1000, 2500), hazard$time)])
}
concord("colon", coxph(Surv(time, status) ~ age + nodes + obstruct, colon, control = exact))
weighted <- coxph(Surv(time, status) ~ arm + age + nodes, colon, weights = 1 + age %% 4, control = exact)
proportional("colon weighted", weighted, c("identity", "log", "rank"))

nwtco <- read.csv(file.path(folder, "nwtco.csv"))
nwtco$time <- ceiling(nwtco$edrel / 30.4)
model("nwtco", Surv(time, rel) ~ histol + age, nwtco, cluster = nwtco$seqno)
model("nwtco by stage", Surv(time, rel) ~ histol + age + strata(stage), nwtco, weights = 1 + nwtco$seqno %% 2)
pair <- coxph(Surv(time, rel) ~ histol + age + strata(instit), nwtco, control = exact)
concord("nwtco by institution", pair)
proportional("nwtco by institution", pair, c("identity", "log"))
concord("nwtco weighted", coxph(Surv(time, rel) ~ histol + age + strata(instit), nwtco, weights = 1 + seqno %% 2, control = exact))
