# What R's survival package finds for test_golden_survival_curves.py: late entry, intervals, tests and restricted means.
# Rscript tests/golden/r_survival_curves.R ../shared/data/survival > tests/golden/r_survival_curves.txt
library(survival)
folder <- commandArgs(trailingOnly = TRUE)[1]
cat("#", R.version.string, "| survival", as.character(packageVersion("survival")), "\n")
say <- function(name, values) cat(name, "=", sprintf("%.17g", as.numeric(values)), "\n")

cgd <- read.csv(file.path(folder, "cgd.csv"))
cgd$treated <- as.integer(cgd$treat == "rIFN-g")
for (group in 0:1) {
  fit <- survfit(Surv(tstart, tstop, status) ~ 1, data = cgd[cgd$treated == group, ], conf.type = "log-log")
  for (part in c("time", "n.risk", "n.event", "surv", "lower", "upper", "cumhaz", "std.chaz"))
    say(paste("cgd", group, part), fit[[part]][fit$n.event > 0])
}
exact <- coxph(Surv(tstart, tstop, status) ~ treated, data = cgd, ties = "exact")
say("cgd logrank", exact$score)
by_hospital <- coxph(Surv(tstart, tstop, status) ~ treated + strata(center), data = cgd, ties = "exact")
say("cgd logrank by hospital", by_hospital$score)

colon <- read.csv(file.path(folder, "colon.csv"))
colon <- colon[colon$etype == 2 & !is.na(colon$nodes), ]
colon$arm <- as.integer(factor(colon$rx)) - 1
colon$entry <- ifelse(colon$time > 600, floor(colon$time / 3), 0)
late <- survfit(Surv(entry, time, status) ~ arm, data = colon, conf.type = "log-log")
say("colon late medians", quantile(late, 0.5)$quantile)
say("colon late n.risk", summary(late, times = 1000, extend = TRUE)$n.risk)
say("colon late survival", summary(late, times = c(500, 1000, 1500))$surv)

for (type in c("log-log", "log", "plain")) {
  fit <- survfit(Surv(time, status) ~ sex, data = lung, conf.type = type)
  at <- summary(fit, times = c(100, 310, 500))
  for (part in c("surv", "std.err", "lower", "upper")) say(paste("lung", type, part), at[[part]])
  medians <- quantile(fit, 0.5)
  for (part in c("quantile", "lower", "upper")) say(paste("lung", type, "median", part), medians[[part]])
}

tests <- function(name, formula, data, scores) {
  for (rho in c(0, 1, 0.5)) {
    found <- survdiff(formula, data = data, rho = rho)
    difference <- if (is.matrix(found$obs)) rowSums(found$obs - found$exp) else found$obs - found$exp
    say(paste(name, "rho", rho), found$chisq)
    say(paste(name, "rho", rho, "trend"), sum(scores * difference)^2 / (scores %*% found$var %*% scores))
  }
}
tests("colon", Surv(time, status) ~ arm, colon, 0:2)
tests("colon by obstruct", Surv(time, status) ~ arm + strata(obstruct), colon, 0:2)
nwtco <- read.csv(file.path(folder, "nwtco.csv"))
nwtco$time <- ceiling(nwtco$edrel / 30.4)
tests("nwtco", Surv(time, rel) ~ stage, nwtco, 1:4)
tests("nwtco by histol", Surv(time, rel) ~ stage + strata(histol), nwtco, 1:4)

for (tau in c(365, 700)) {
  table <- summary(survfit(Surv(time, status) ~ sex, data = lung), rmean = tau)$table
  say(paste("lung rmst", tau), table[, "rmean"])
  say(paste("lung rmst error", tau), table[, "se(rmean)"])
}
table <- summary(survfit(Surv(time, status) ~ arm, data = colon), rmean = 2000)$table
say("colon rmst 2000", table[, "rmean"])
say("colon rmst error 2000", table[, "se(rmean)"])
