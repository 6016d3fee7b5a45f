# What R's survival and cmprsk find for the cohorts of tests/competing_cohorts.py, read by test_golden_competing.py.
# Rscript tests/golden/r_competing.R ../shared/data/survival > tests/golden/r_competing.txt
suppressMessages({library(survival); library(cmprsk)})
cat("#", R.version.string, "| survival", as.character(packageVersion("survival")),
    "| cmprsk", as.character(packageVersion("cmprsk")), "\n")
folder <- commandArgs(trailingOnly = TRUE)[1]
pbc_data <- read.csv(file.path(folder, "pbc.csv"))
pbc_data <- pbc_data[!is.na(pbc_data$trt), ]
colon_data <- read.csv(file.path(folder, "colon.csv"))
colon_data <- colon_data[!is.na(colon_data$nodes), ]
recurrence <- colon_data[colon_data$etype == 1, ]
death <- colon_data[colon_data$etype == 2, ]
death <- death[match(recurrence$id, death$id), ]
colon_data <- data.frame(
  time = ceiling(recurrence$time / 30.4),
  status = ifelse(recurrence$status == 1, 1, ifelse(death$status == 1, 2, 0)),
  group = as.integer(factor(recurrence$rx)) - 1)
cohorts <- list(
  pbc = data.frame(time = pbc_data$time, status = pbc_data$status, group = pbc_data$trt),
  colon = colon_data)

line <- function(...) cat(paste(..., sep = ","), "\n", sep = "")
digits <- function(x) sprintf("%.17g", x)
for (name in names(cohorts)) {
  cohort <- cohorts[[name]]
  cohort$event <- factor(cohort$status, 0:2, labels = c("censored", "1", "2"))
  for (group in sort(unique(cohort$group))) {
    fit <- survfit(Surv(time, event) ~ 1, data = cohort[cohort$group == group, ], conf.type = "log-log")
    for (cause in c("1", "2")) for (i in seq(3, length(fit$time), by = 9)) {
      column <- match(cause, fit$states)
      line("aj", name, group, cause, fit$time[i], digits(fit$pstate[i, column]), digits(fit$std.err[i, column]),
           digits(fit$lower[i, column]), digits(fit$upper[i, column]))
    }
  }
  tests <- cuminc(cohort$time, cohort$status, cohort$group, cencode = 0)$Tests
  for (cause in rownames(tests)) line("gray", name, cause, digits(tests[cause, "stat"]), tests[cause, "df"])
}

# Subdistribution hazards. A censoring at the time of an event counts as later: hence the quarter of a time unit.
fit_crr <- function(data, cause, columns, start = NULL, iterations = 200) {
  time <- data$time + ifelse(data$status == 0, 0.25, 0)
  x <- as.matrix(data[, columns])
  if (is.null(start)) start <- rep(0, ncol(x))
  crr(time, data$status, x, failcode = cause, cencode = 0, init = start, maxiter = iterations, gtol = 1e-14)
}
pbc_model <- data.frame(
  time = pbc_data$time, status = pbc_data$status, age = pbc_data$age, bili = pbc_data$bili,
  albumin = pbc_data$albumin, trt = pbc_data$trt, site = as.integer(pbc_data$sex == "f"))
colon_model <- data.frame(
  time = colon_data$time, status = colon_data$status, age = recurrence$age, sex = recurrence$sex,
  nodes = recurrence$nodes, site = as.integer(factor(recurrence$rx)) - 1)
models <- list(
  pbc = list(data = pbc_model, cause = 2, columns = c("age", "bili", "albumin", "trt")),
  colon = list(data = colon_model, cause = 1, columns = c("age", "sex", "nodes")))
for (name in names(models)) {
  model <- models[[name]]
  fit <- fit_crr(model$data, model$cause, model$columns)
  fit <- fit_crr(model$data, model$cause, model$columns, start = fit$coef)
  for (i in seq_along(model$columns))
    line("crr", name, model$columns[i], digits(fit$coef[i]), digits(sqrt(fit$var[i, i])))
  line("crr-likelihood", name, digits(fit$loglik), digits(fit$loglik.null))

  # one stratum for each site, with its own distribution of censoring: the fit by coxph on finegray's weights, the
  # sandwich from crr's information and covariance of each stratum at that fit
  data <- model$data
  data$event <- factor(data$status, 0:2, labels = c("censored", "1", "2"))
  data$id <- seq_len(nrow(data))
  formula <- as.formula(paste("Surv(time, event) ~ id + site + strata(site) +", paste(model$columns, collapse = " + ")))
  weighted <- finegray(formula, data = data, etype = as.character(model$cause), id = id)
  formula <- as.formula(paste("Surv(fgstart, fgstop, fgstatus) ~ strata(site) +", paste(model$columns, collapse = " + ")))
  stratified <- coxph(formula, data = weighted, weights = fgwt, ties = "breslow",
                      control = coxph.control(eps = 1e-15, toler.chol = 1e-20, iter.max = 100))
  information <- meat <- 0
  for (site in unique(data$site)) {
    own <- fit_crr(data[data$site == site, ], model$cause, model$columns, start = coef(stratified), iterations = 0)
    inverse <- solve(own$invinf)
    information <- information + inverse
    meat <- meat + inverse %*% own$var %*% inverse
  }
  variance <- solve(information) %*% meat %*% solve(information)
  for (i in seq_along(model$columns))
    line("strata", name, model$columns[i], digits(coef(stratified)[i]), digits(sqrt(variance[i, i])))
  line("strata-likelihood", name, digits(stratified$loglik[2]), digits(stratified$loglik[1]))
}

# The colon cohort with times rounded up to the steps that hold at least ten recurrences each; the last step takes who
# stays longer. Robust standard errors of coxph take finegray's weights, and so the distribution of censoring, as known.
ends <- c(2:20, 22, 24, 26, 29, 31, 34, 37, 42, 49, 55, 65, 89)
line("coarse-ends", "colon", paste(ends, collapse = ","))
data <- models$colon$data
data$time <- ends[pmin(findInterval(data$time, ends, left.open = TRUE) + 1, length(ends))]
data$event <- factor(data$status, 0:2, labels = c("censored", "1", "2"))
data$id <- seq_len(nrow(data))
weighted <- finegray(Surv(time, event) ~ id + age + sex + nodes, data = data, etype = "1", id = id)
coarse <- coxph(Surv(fgstart, fgstop, fgstatus) ~ age + sex + nodes, data = weighted, weights = fgwt, ties = "breslow",
                cluster = id, control = coxph.control(eps = 1e-15, toler.chol = 1e-20, iter.max = 100))
for (i in 1:3) line("coarse", "colon", names(coef(coarse))[i], digits(coef(coarse)[i]), digits(sqrt(vcov(coarse)[i, i])))
